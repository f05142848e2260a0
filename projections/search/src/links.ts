/** Whether a text holds the address of a page. */
export const hasLink = (content: string): boolean => /https?:\/\/\S/i.test(content);

/** Addresses are found without their scheme: Postgres takes the colon in a query for a blank, and would look for other words. */
export const withoutSchemes = (text: string): string => text.replaceAll(/\bhttps?:\/\//gi, '');
