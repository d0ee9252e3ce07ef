/** `1 zone`, `1,254 zones`: how many there are, for a person. */
export function counted(count: number, one: string, more = `${one}s`): string {
  return `${count.toLocaleString("en")} ${count === 1 ? one : more}`;
}
