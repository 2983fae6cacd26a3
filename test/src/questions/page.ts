/** The data that a question is asked of. */
export const DATA_NAMES = ['boutique', 'trainticket', 'shop'] as const;
export type DataName = (typeof DATA_NAMES)[number];

/** A query, or a command, on a page, with the answer that stands below it. */
export interface Question {
  /** Line of the page, from 1, on which it begins. */
  readonly line: number;
  readonly language: 'sql' | 'sh';
  readonly data: DataName;
  /** The answer differs from run to run: only its shape can be compared. */
  readonly varies: boolean;
  /** Without the line that names the data. */
  readonly text: string;
  /** As it stands on the page; null where there is none yet. */
  readonly answer: string | null;
}

/**
 * A block of `sql` or `sh` whose first line is a comment that names the data (`-- boutique`, `# shop`; with
 * `, varies` when the answer is never the same twice), and the block of `text` that follows it, if one does.
 */
const QUESTION =
  /^```(sql|sh)\n(?:--|#) (\w+)(, varies)?\n([\s\S]*?)\n```\n(?:\n```text\n([\s\S]*?)\n?```\n)?/gm;

/** The questions of a page, in order. Throws when one names data that there is not. */
export function questionsOf(markdown: string): readonly Question[] {
  return [...markdown.matchAll(QUESTION)].map((match) => {
    const line = markdown.slice(0, match.index).split('\n').length;
    const [, language, name, varies, text, answer] = match;
    const data = DATA_NAMES.find((known) => known === name);
    if (data === undefined) throw new Error(`line ${line}: there is no data named ${name}`);
    return {
      line,
      language: language as Question['language'],
      data,
      varies: varies !== undefined,
      text: text ?? '',
      answer: answer?.replace(/\n$/, '') ?? null,
    };
  });
}

/** The page with these answers in place of those that it has: one for each question, null to leave it. */
export function withAnswers(markdown: string, answers: readonly (string | null)[]): string {
  let at = 0;
  return markdown.replaceAll(QUESTION, (whole, language, name, varies, text) => {
    const answer = answers[at++];
    if (answer === null || answer === undefined) return whole;
    const comment = `${language === 'sql' ? '--' : '#'} ${name}${varies ?? ''}`;
    return `\`\`\`${language}\n${comment}\n${text}\n\`\`\`\n\n\`\`\`text\n${answer}\n\`\`\`\n`;
  });
}
