/** Something that must hold under fuzzing did not. */
export class FuzzFailure extends Error {
  override readonly name = "FuzzFailure";
}
