import type { WorldPlan } from "../plan.ts";
import type { Story } from "./story.ts";

/** One story that the world goes through, with what must come of it. */
export interface Scenario {
  readonly name: string;
  /** One line. */
  readonly summary: string;
  /** What differs from the small world of stories. */
  readonly plan?: Partial<WorldPlan>;
  tell(story: Story): void;
}
