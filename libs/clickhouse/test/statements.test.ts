import { splitStatements } from '../src';

describe('splitStatements', () => {
  it('splits at semicolons and leaves comments out', () => {
    const sql = `-- about; it
CREATE TABLE a (x UInt8); /* two; lines
of it */ CREATE VIEW b AS SELECT 1 -- the end`;
    expect(splitStatements(sql)).toEqual(['CREATE TABLE a (x UInt8)', 'CREATE VIEW b AS SELECT 1']);
  });

  it('leaves what is quoted alone', () => {
    const sql = `SELECT ';--' , 'it''s;', '\\';', "a;b", \`c;--d\`; SELECT 2;;`;
    expect(splitStatements(sql)).toEqual([
      `SELECT ';--' , 'it''s;', '\\';', "a;b", \`c;--d\``,
      'SELECT 2',
    ]);
  });

  it('takes an unfinished comment or text to the end', () => {
    expect(splitStatements(`SELECT 1; /* ; `)).toEqual(['SELECT 1']);
    expect(splitStatements(`SELECT 'a; b`)).toEqual([`SELECT 'a; b`]);
  });
});
