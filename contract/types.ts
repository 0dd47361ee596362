/** `image/png` is accepted by `image/png`, `image/*` and `*\/*`; parameters and case do not count. */
export function acceptsType(types: readonly string[] | null, type: string | null): boolean {
  if (types === null) return true;
  const given = (type ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';
  return types.some((accepted) => {
    const wanted = accepted.trim().toLowerCase();
    if (wanted === '*/*') return true;
    return wanted.endsWith('/*') ? given.startsWith(wanted.slice(0, -1)) : given === wanted;
  });
}
