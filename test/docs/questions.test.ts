import { questionsOf, withAnswers } from '../src/questions/page';

const PAGE = `# Page

Words.

\`\`\`sql
-- shop
SELECT 1
\`\`\`

\`\`\`text
1
(1 row)
\`\`\`

\`\`\`sql
SELECT 'not asked'
\`\`\`

\`\`\`sh
# boutique, varies
spanloom x \\
  --y
\`\`\`

More words.
`;

describe('questions of a page', () => {
  it('are read with their data and answers', () => {
    expect(questionsOf(PAGE)).toEqual([
      {
        line: 5,
        language: 'sql',
        data: 'shop',
        varies: false,
        text: 'SELECT 1',
        answer: '1\n(1 row)',
      },
      {
        line: 19,
        language: 'sh',
        data: 'boutique',
        varies: true,
        text: 'spanloom x \\\n  --y',
        answer: null,
      },
    ]);
  });

  it('are answered in place, and nothing else changes', () => {
    const answered = withAnswers(PAGE, ['2\n$& $1\n(2 rows)', 'yes']);
    expect(questionsOf(answered).map(({ answer }) => answer)).toEqual([
      '2\n$& $1\n(2 rows)',
      'yes',
    ]);
    expect(answered).toContain('  --y\n```\n\n```text\nyes\n```\n\nMore words.');
    expect(withAnswers(answered, [null, null])).toBe(answered);
    expect(withAnswers(answered, ['1\n(1 row)', null])).toContain('Words.\n\n```sql\n-- shop\n');
  });

  it('of data that there is not are refused', () => {
    expect(() => questionsOf('```sql\n-- elsewhere\nSELECT 1\n```\n')).toThrow('line 1');
  });
});
