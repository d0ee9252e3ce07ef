/** A thread cannot work as configured; code and message are those of the error in it. */
export class ThreadRefusal extends Error {
  override readonly name = "ThreadRefusal";
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}
