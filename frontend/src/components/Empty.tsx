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
