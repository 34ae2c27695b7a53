// Numbers for people: three significant digits, a thin space between number and unit.

export const THIN = "\u202f";
export const NONE = "–";

/** A number with `digits` significant digits and no exponent where it can be avoided. */
export function number(value: number | null | undefined, digits = 3): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return NONE;
  if (value === 0) return "0";
  const size = Math.floor(Math.log10(Math.abs(value)));
  if (size < -4 || size > 8) return value.toExponential(digits - 1).replace("e+", "e");
  const decimals = Math.max(0, digits - 1 - size);
  const text = value.toFixed(Math.min(decimals, 8));
  return groups(text);
}

/** Thin spaces between thousands, from 10 000 on. */
function groups(text: string): string {
  const [whole = "", rest] = text.split(".");
  const long = whole.replace("-", "").length > 4;
  const spaced = long ? whole.replace(/\B(?=(\d{3})+$)/g, THIN) : whole;
  return rest === undefined ? spaced : `${spaced}.${rest}`;
}

export function count(value: number | null | undefined): string {
  return value === null || value === undefined ? NONE : groups(Math.round(value).toString());
}

export function withUnit(value: number | null | undefined, unit: string, digits = 3): string {
  const text = number(value, digits);
  return text === NONE || unit === "" ? text : `${text}${THIN}${unit}`;
}

export function percent(fraction: number | null | undefined, digits = 3): string {
  return withUnit(fraction === null || fraction === undefined ? null : 100 * fraction, "%", digits);
}

/** Value and interval with the same decimals, so that they can be compared at a glance. */
export function interval(
  value: number | null | undefined,
  low: number | null | undefined,
  high: number | null | undefined,
  unit = "",
): string {
  if (value == null || !Number.isFinite(value)) return NONE;
  const tail = unit === "" ? "" : `${THIN}${unit}`;
  if (low == null || high == null || !Number.isFinite(low) || !Number.isFinite(high)) {
    return withUnit(value, unit);
  }
  const decimals = decimalsFor(high - low, value);
  const fixed = (x: number) => groups(x.toFixed(decimals));
  return `${fixed(value)} (${fixed(low)} to ${fixed(high)})${tail}`;
}

/** Decimals that show the interval's width with two digits. */
function decimalsFor(width: number, value: number): number {
  const scale = width > 0 ? width : Math.abs(value) || 1;
  return Math.min(8, Math.max(0, 1 - Math.floor(Math.log10(scale))));
}

export function duration(seconds: number | null | undefined): string {
  if (seconds == null || !Number.isFinite(seconds)) return NONE;
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole}${THIN}s`;
  if (whole < 600) return `${Math.floor(whole / 60)}${THIN}min ${whole % 60}${THIN}s`;
  const minutes = Math.round(whole / 60);
  if (minutes < 60) return `${minutes}${THIN}min`;
  return `${Math.floor(minutes / 60)}${THIN}h ${minutes % 60}${THIN}min`;
}

/** "2026-11-25T02:22:44+00:00" as local "25 Nov, 02:22". */
export function when(time: string | null | undefined): string {
  const date = time ? new Date(time) : null;
  if (!date || Number.isNaN(date.getTime())) return NONE;
  return date.toLocaleString("en-GB", {
    day: "numeric",
    month: "short",
    hour: "2-digit",
    minute: "2-digit",
  });
}

export function plural(n: number, one: string, many = `${one}s`): string {
  return `${count(n)} ${n === 1 ? one : many}`;
}

/** "lack_of_fusion" as "lack of fusion". */
export function words(name: string): string {
  return name.replaceAll("_", " ");
}
