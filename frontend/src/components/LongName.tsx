const TAIL = 13;

/** A name that loses its middle where room is short, because its end tells fields apart. */
export function LongName({ text }: { text: string }) {
  const at = text.length > TAIL + 4 ? text.length - TAIL : text.length;
  return (
    <span class="long-name" title={text}>
      <span>{text.slice(0, at)}</span>
      <span>{text.slice(at)}</span>
    </span>
  );
}
