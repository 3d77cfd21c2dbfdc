// The few colours that text has: green done, yellow pending or a warning, red a failure, dim the details.
// Loads chalk only where there are colours.

type Paint = (text: string) => string;

export interface Style {
  readonly done: Paint;
  readonly attention: Paint;
  readonly failed: Paint;
  readonly detail: Paint;
  readonly strong: Paint;
}

const asIs: Paint = (text) => text;

/** Text as it is, for files and pipes. */
export const plainStyle: Style = { done: asIs, attention: asIs, failed: asIs, detail: asIs, strong: asIs };

/** The style with colours: the sixteen that each terminal's own theme defines. */
export async function colourStyle(): Promise<Style> {
  const { Chalk } = await import('chalk');
  const chalk = new Chalk({ level: 1 });
  return { done: chalk.green, attention: chalk.yellow, failed: chalk.red, detail: chalk.dim, strong: chalk.bold };
}
