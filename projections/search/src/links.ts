/** Whether a text holds the address of a page. */
export const hasLink = (content: string): boolean => /https?:\/\/\S/i.test(content);

/**
 * Without runs of dashes and exclamation marks, as ruled lines are: Postgres takes each for a `not` and runs out of room for them. Of those
 * that stand before a word one is left.
 */
export const withoutRules = (text: string): string =>
  text.replaceAll(/[-!]{2,}/g, '-').replaceAll(/(^|\s)(?:[-!]+(?=\s|$)\s*)+/g, '$1');

/** Addresses are found without their scheme: Postgres takes the colon in a query for a blank, and would look for other words. */
export const withoutSchemes = (text: string): string => text.replaceAll(/\bhttps?:\/\//gi, '');
