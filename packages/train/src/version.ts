/** The version of ndgrad that runs, as its packages state it. */
export const VERSION = '0.1.0';
