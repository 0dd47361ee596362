/** `image/png` is accepted by `image/png`, `image/*` and `*\/*`; parameters and case do not count. */
export function acceptsType(types: readonly string[] | null, type: string | null): boolean {
  if (types === null) return true;
  const given = (type ?? '').replace(/;.*/s, '').trim().toLowerCase();
  return types.some((accepted) => {
    const wanted = accepted.trim().toLowerCase();
    return (
      wanted === '*/*' || given === wanted || (wanted.endsWith('/*') && given.startsWith(wanted.slice(0, -1)))
    );
  });
}
