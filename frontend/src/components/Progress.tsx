/** A bar where the total is known, a moving one where it is not. */
export function Progress({
  done,
  total,
  label,
}: {
  done: number;
  total: number | null;
  label: string;
}) {
  return total ? (
    <progress class="progress" value={Math.min(done, total)} max={total} aria-label={label} />
  ) : (
    <progress class="progress" aria-label={label} />
  );
}
