import type { ComponentChildren } from "preact";

/** What a page says when it has nothing to show: what is missing, and the way there. */
interface Props {
  title: string;
  children: ComponentChildren;
  /** The whole page is empty, so this is its heading. */
  isPage?: boolean;
}

export function Empty({ title, children, isPage = false }: Props) {
  const Heading = isPage ? "h1" : "h2";
  return (
    <section class="empty">
      <Heading>{title}</Heading>
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
