import type { FieldState } from "../api";

const WORDS: Record<FieldState, string> = {
  new: "new",
  predicted: "predicted",
  "in review": "in review",
  done: "done",
  "locked for test": "test, locked",
  conflict: "conflict",
};

/** State of a field. Each has its own shape, so colour is never needed to tell them apart. */
export function StateDot({ state, quiet = false }: { state: FieldState; quiet?: boolean }) {
  return (
    <span class="state" title={WORDS[state]}>
      <svg viewBox="0 0 12 12" aria-hidden="true">
        <Shape state={state} />
      </svg>
      <span class={quiet ? "hidden-label" : undefined}>{WORDS[state]}</span>
    </span>
  );
}

function Shape({ state }: { state: FieldState }) {
  switch (state) {
    case "new":
      return <circle cx="6" cy="6" r="4.2" fill="none" stroke="var(--muted)" stroke-width="1.6" />;
    case "predicted":
      return (
        <>
          <circle cx="6" cy="6" r="4.2" fill="none" stroke="var(--class-2)" stroke-width="1.6" />
          <circle cx="6" cy="6" r="1.7" fill="var(--class-2)" />
        </>
      );
    case "in review":
      return (
        <>
          <circle cx="6" cy="6" r="4.2" fill="none" stroke="var(--class-1)" stroke-width="1.6" />
          <path d="M6 1.8 A4.2 4.2 0 0 1 6 10.2 Z" fill="var(--class-1)" />
        </>
      );
    case "done":
      return (
        <>
          <circle cx="6" cy="6" r="5.2" fill="var(--class-3)" />
          <path d="M3.4 6.2 5.3 8 8.7 4.3" fill="none" stroke="var(--panel)" stroke-width="1.7" />
        </>
      );
    case "locked for test":
      return (
        <rect
          x="1.8"
          y="1.8"
          width="8.4"
          height="8.4"
          fill="none"
          stroke="var(--class-4)"
          stroke-width="1.6"
        />
      );
    case "conflict":
      return <path d="M6 1 11.3 10.6 H0.7 Z" fill="var(--bad)" />;
  }
}
