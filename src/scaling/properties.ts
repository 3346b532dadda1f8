import { TemplateError } from "./template-error.js";

/** A resource's properties, read by name and kind. What is absent or of another kind is a fault that names its place. */
export class Properties {
  constructor(
    private readonly values: Readonly<Record<string, unknown>>,
    private readonly place: string,
  ) {}

  fault(text: string): TemplateError {
    return new TemplateError([`${this.place}: ${text}`]);
  }

  has(key: string): boolean {
    return this.values[key] !== undefined;
  }

  text(key: string): string {
    const value = this.optionalText(key);
    if (value === undefined) throw this.fault(`${key} is missing`);
    return value;
  }

  optionalText(key: string): string | undefined {
    const value = this.values[key];
    if (value === undefined) return undefined;
    if (typeof value === "object") throw this.fault(`${key} must be a text or a number`);
    return String(value);
  }

  number(key: string): number {
    const value = this.optionalNumber(key);
    if (value === undefined) throw this.fault(`${key} is missing`);
    return value;
  }

  optionalNumber(key: string): number | undefined {
    const text = this.optionalText(key);
    if (text === undefined) return undefined;
    const value = text.trim() === "" ? Number.NaN : Number(text);
    if (!Number.isFinite(value)) throw this.fault(`${key} must be a number, got "${text}"`);
    return value;
  }

  choice<T extends string>(key: string, choices: readonly T[]): T {
    const text = this.text(key);
    if ((choices as readonly string[]).includes(text)) return text as T;
    throw this.fault(`${key} must be one of ${choices.join(", ")}, got "${text}"`);
  }

  part(key: string): Properties {
    const value = this.values[key];
    if (typeof value !== "object" || value === null || Array.isArray(value)) throw this.fault(`${key} is missing`);
    return new Properties(value as Readonly<Record<string, unknown>>, this.place);
  }

  /** An absent list is an empty one. */
  list(key: string): readonly Properties[] {
    const value = this.values[key] ?? [];
    if (!Array.isArray(value)) throw this.fault(`${key} must be a list`);
    return value.map((item) => new Properties(item as Readonly<Record<string, unknown>>, this.place));
  }
}
