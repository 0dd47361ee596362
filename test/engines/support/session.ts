/** One browser under remote control, by the commands of W3C WebDriver, which both engines have. */
export interface Session extends AsyncDisposable {
  send(command: Command, parameters?: Record<string, unknown>): Promise<unknown>;
  /** The process whose descendants are the browser's. */
  readonly pid: number;
  /** Where it puts what is downloaded. */
  readonly downloads: string;
}

/** For each command how WebDriver names it: a method, and a path in which `:name` is a parameter. */
export const COMMANDS = {
  navigate: 'POST /url',
  refresh: 'POST /refresh',
  execute: 'POST /execute/async',
  timeouts: 'POST /timeouts',
  findElements: 'POST /elements',
  click: 'POST /element/:id/click',
  sendKeys: 'POST /element/:id/value',
  windows: 'GET /window/handles',
  newWindow: 'POST /window/new',
  switchWindow: 'POST /window',
  closeWindow: 'DELETE /window',
} as const;

export type Command = keyof typeof COMMANDS;

/** The key under which WebDriver answers an element's id. */
export const ELEMENT = 'element-6066-11e4-a52e-4f735466cecf';
