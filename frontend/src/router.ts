import { useEffect, useState } from "preact/hooks";
import type { Box } from "./api";

export type PageName = "images" | "choose" | "correct" | "train" | "results";

export interface Route {
  page: PageName;
  /** Name of a field (correct) or of a part of the page. */
  item?: string;
  query: URLSearchParams;
}

const PAGES: readonly PageName[] = ["images", "choose", "correct", "train", "results"];

/** Read a hash; what is unknown leads to the images. */
export function parseHash(hash: string): Route {
  const [path = "", search = ""] = hash.replace(/^#?\/?/, "").split("?", 2);
  const [first = "", ...rest] = path.split("/");
  const page = PAGES.find((name) => name === first) ?? "images";
  const item = decode(rest.join("/"));
  return { page, query: new URLSearchParams(search), ...(item ? { item } : {}) };
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // a hash typed by hand
  }
}

export function hrefOf(page: PageName, item?: string, query: Record<string, string> = {}): string {
  const search = new URLSearchParams(query).toString();
  const path = item === undefined ? `#/${page}` : `#/${page}/${encodeURIComponent(item)}`;
  return search ? `${path}?${search}` : path;
}

/** Address of the editor at one defect. */
export function hrefOfDefect(image: string, box: Box): string {
  return hrefOf("correct", image, { box: box.join(",") });
}

/** The box that `hrefOfDefect` wrote, or nothing where it is not one. */
export function boxOf(query: URLSearchParams): Box | undefined {
  const numbers = (query.get("box") ?? "").split(",").map(Number);
  return numbers.length === 4 && numbers.every(Number.isFinite) ? (numbers as Box) : undefined;
}

export function useRoute(): Route {
  const [route, setRoute] = useState(() => parseHash(location.hash));
  useEffect(() => {
    const follow = () => setRoute(parseHash(location.hash));
    addEventListener("hashchange", follow);
    return () => removeEventListener("hashchange", follow);
  }, []);
  return route;
}

export function go(href: string): void {
  location.hash = href.replace(/^#/, "");
}
