/** The package's version, as its package.json has it; a test compares. */
export const VERSION = '0.1.0';
