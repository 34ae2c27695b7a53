import { useEffect, useState } from "preact/hooks";
import { Empty } from "../../components/Empty";

/** The figure as a picture of its own: nothing in it can reach the page. */
export function ProcessMap({ svg }: { svg: string | null }) {
  const [address, setAddress] = useState("");
  useEffect(() => {
    if (svg === null) return;
    const made = URL.createObjectURL(new Blob([svg], { type: "image/svg+xml" }));
    setAddress(made);
    return () => URL.revokeObjectURL(made);
  }, [svg]);
  if (svg === null) {
    return (
      <Empty title="There is no process map yet">
        <p>
          It needs measured images whose laser power and scan speed are known. Type them in the
          table of the Images page, then press <b>Update</b>.
        </p>
      </Empty>
    );
  }
  return (
    <figure class="process-map">
      {address && (
        <img
          src={address}
          alt="Process map: area fraction and types by laser power and scan speed. The numbers are under Conditions."
        />
      )}
      <figcaption class="muted">
        The same numbers with their intervals are under Conditions.{" "}
        <a href={address} download="process_map.svg">
          Download the figure
        </a>
      </figcaption>
    </figure>
  );
}
