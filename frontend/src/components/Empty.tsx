import type { ComponentChildren } from "preact";

/** What a page says when it has nothing to show: what is missing, and the way there. */
export function Empty({ title, children }: { title: string; children: ComponentChildren }) {
  return (
    <section class="empty">
      <h2>{title}</h2>
      {children}
    </section>
  );
}

/** What stands in the place of something that is on its way; unseen where it comes at once. */
export function Loading({ what }: { what: string }) {
  return (
    <p class="loading muted" role="status">
      Loading {what} …
    </p>
  );
}
