export type GroupMember = { readonly id: string; readonly held: readonly number[] };

/**
 * Deals partition numbers 0 to `count - 1` out to members: all of them, numbers per member differing by one at most, and each
 * member keeps as many as it fairly may of those it held. Deterministic: members are taken in the order of their ids.
 */
export const assignPartitions = (count: number, members: readonly GroupMember[]): Map<string, number[]> => {
  const ordered = [...members].sort((a, b) => (a.id < b.id ? -1 : 1));
  const assigned = new Map<string, number[]>(ordered.map(({ id }) => [id, []]));
  const free = new Set(Array.from({ length: count }, (_, partition) => partition));
  const fair = Math.floor(count / ordered.length);
  let larger = count % ordered.length;
  for (const { id, held } of ordered) {
    const mine = assigned.get(id)!;
    const kept = [...new Set(held)].filter((partition) => free.has(partition)).sort((a, b) => a - b);
    const quota = kept.length > fair && larger > 0 ? fair + 1 : fair;
    for (const partition of kept.slice(0, quota)) {
      mine.push(partition);
      free.delete(partition);
    }
    if (mine.length > fair) larger -= 1;
  }
  for (const partition of free) {
    const poorest = ordered.reduce((least, member) =>
      assigned.get(member.id)!.length < assigned.get(least.id)!.length ? member : least,
    );
    assigned.get(poorest.id)!.push(partition);
  }
  return assigned;
};
