import type { EmbeddingPoint } from "../../api";

type Role = EmbeddingPoint["role"];

const ROLES: readonly [Role, string][] = [
  ["pick", "picked"],
  ["labelled", "labelled"],
  ["pool", "in the pool"],
  ["test", "locked for tests"],
];

/** Mark of a point: each role has its own shape, colour only helps. */
export function Glyph({ role }: { role: Role }) {
  switch (role) {
    case "pick":
      return <path class="glyph pick" d="M0 -8.5 8.5 0 0 8.5 -8.5 0Z" />;
    case "labelled":
      return (
        <>
          <circle class="glyph labelled" r="7" />
          <path class="tick" d="M-3.4 .2 -1 2.6 3.5 -2.3" />
        </>
      );
    case "test":
      return <rect class="glyph test" x="-5.5" y="-5.5" width="11" height="11" />;
    case "pool":
      return <circle class="glyph pool" r="5" />;
  }
}

export function Legend({ points }: { points: EmbeddingPoint[] }) {
  return (
    <ul class="legend">
      {ROLES.map(([role, words]) => (
        <li key={role}>
          <svg viewBox="-10 -10 20 20" width="18" height="18" aria-hidden="true">
            <Glyph role={role} />
          </svg>
          {words} {points.filter((point) => point.role === role).length}
        </li>
      ))}
      <li>
        <svg viewBox="-10 -10 20 20" width="18" height="18" aria-hidden="true" class="cluster">
          <path d="M-8 3 -3 -7 8 -4 5 7Z" stroke-dasharray="4 2" />
        </svg>
        cluster, with its number
      </li>
    </ul>
  );
}
