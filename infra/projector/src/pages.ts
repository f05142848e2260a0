/** A page of a list, and whether there is more behind it. */
export type Page<Item> = { readonly items: readonly Item[]; readonly hasMore: boolean };

/** The page of rows that a query gave, of which it was asked for one more than `limit`. */
export const pageOf = <Row, Item>(rows: readonly Row[], limit: number, view: (row: Row) => Item): Page<Item> => ({
  items: rows.slice(0, limit).map(view),
  hasMore: rows.length > limit,
});
