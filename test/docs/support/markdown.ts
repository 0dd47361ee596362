import { read } from '../../house/tree.js';

export interface Block {
  /** The word after the fence. */
  readonly language: string;
  /** The comment in HTML just above the fence, such as `<!-- examples/readme/server.ts -->`. */
  readonly note: string | null;
  readonly text: string;
  /** Of the first line of the text, from 1. */
  readonly line: number;
}

/** All fenced blocks of a page, in order. */
export function blocksOf(page: string): Block[] {
  const found: Block[] = [];
  for (const match of page.matchAll(/^(?:<!-- (.*) -->\n)?```(\w*)\n([\s\S]*?)^```$/gm)) {
    const [, note = null, language = '', text = ''] = match;
    const line = page.slice(0, match.index).split('\n').length + (note === null ? 1 : 2);
    found.push({ language, note, text, line });
  }
  return found;
}

/** The rows of the first table below a heading, as cells without the spaces around them; without its two head lines. */
export function tableUnder(page: string, heading: string): string[][] {
  const rows = section(page, heading).match(/(?:^\|.*\|\n)+/m)?.[0];
  if (rows === undefined) throw new Error(`no table under "${heading}"`);
  return rows
    .trim()
    .split('\n')
    .slice(2)
    .map((row) => row.slice(1, -1).replaceAll('\\|', '\u0000').split('|'))
    .map((cells) => cells.map((cell) => cell.trim().replaceAll('\u0000', '|')));
}

/** The text below a heading, up to the next heading of the same level or above. */
export function section(page: string, heading: string): string {
  const lines = page.split('\n');
  const start = lines.findIndex((line) => /^#+ /.test(line) && line.replace(/^#+ /, '') === heading);
  if (start === -1) throw new Error(`no heading "${heading}"`);
  const level = lines[start]?.indexOf(' ') ?? 0;
  const rest = lines.slice(start + 1);
  let fenced = false;
  const end = rest.findIndex((line) => {
    if (line.startsWith('```')) fenced = !fenced;
    return !fenced && /^#+ /.test(line) && line.indexOf(' ') <= level;
  });
  return `${rest.slice(0, end === -1 ? undefined : end).join('\n')}\n`;
}

/** Words that stand as code in a text. */
export function codesIn(text: string): string[] {
  return [...text.matchAll(/`([^`]+)`/g)].map(([, code = '']) => code);
}

export const page = (file: string) => read(file);
