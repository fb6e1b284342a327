using System.Text;
using Orleans.Tbptt.Data.Problems;

namespace Orleans.Tbptt.Data.Text;

/// <summary>Numbers the tokens of texts, one text after another.</summary>
/// <param name="vocabulary">Gives the numbers.</param>
/// <param name="tokens">Takes them.</param>
/// <param name="noun">The noun for a token: <c>character</c>, <c>word</c>.</param>
/// <param name="problems">Collects tokens that a closed vocabulary does not have.</param>
internal sealed class TokenWriter(Vocabulary vocabulary, TokenFile tokens, string noun, ProblemList problems)
{
    /// <summary>The token at the end of each line, where tokens are words.</summary>
    public const string EndOfLine = "<eos>";

    /// <summary>UTF-16 units of the longest word.</summary>
    public const int LongestWord = 1 << 16;

    private readonly char[] _word = new char[LongestWord];

    /// <summary>Whether a character is white space to Python's <c>str.split()</c>.</summary>
    public static bool IsSpace(char c) => char.IsWhiteSpace(c) || c is >= '\x1c' and <= '\x1f';

    /// <summary>Adds a token that has its number already.</summary>
    public void Add(int id) => tokens.Add(id);

    /// <summary>Each Unicode scalar value is a token.</summary>
    public void AddCharacters(string path, Utf8Runes runes)
    {
        for (var at = Place(runes); runes.TryRead(out Rune rune); at = Place(runes))
            Add(_word.AsSpan(0, rune.EncodeToUtf16(_word)), path, at);
    }

    /// <summary>
    /// What white space parts is a token, and the end of each line: LF, CR or both.
    /// </summary>
    /// <returns>Where a word begins that is too long: the text is not read further then. Null where there is none.</returns>
    public long? AddWords(string path, Utf8Runes runes)
    {
        (int length, bool isInLine, bool afterReturn) = (0, false, false);
        var (line, at) = Place(runes);
        while (runes.TryRead(out Rune rune))
        {
            if (!IsSpace(rune))
            {
                if (length + 2 > LongestWord)
                    return at;
                length += rune.EncodeToUtf16(_word.AsSpan(length));
                (isInLine, afterReturn) = (true, false);
                continue;
            }

            EndWord();
            bool isEnd = rune.Value is '\r' || (rune.Value is '\n' && !afterReturn);
            if (isEnd)
                Add(EndOfLine, path, (line, at));
            isInLine = rune.Value is not ('\r' or '\n');
            afterReturn = rune.Value is '\r';
            (line, at) = Place(runes);
        }

        EndWord();
        if (isInLine)
            Add(EndOfLine, path, (line, at));
        return null;

        void EndWord()
        {
            if (length > 0)
                Add(_word.AsSpan(0, length), path, (line, at));
            length = 0;
        }
    }

    private static (long Line, long Offset) Place(Utf8Runes runes) => (runes.Line, runes.Offset);

    private static bool IsSpace(Rune rune) => rune.IsBmp && IsSpace((char)rune.Value);

    private void Add(ReadOnlySpan<char> token, string path, (long Line, long Offset) at)
    {
        int id = vocabulary.IdOf(token);
        if (id >= 0)
            tokens.Add(id);
        else
            Report(token.ToString(), path, at);
    }

    private void Report(string token, string path, (long Line, long Offset) at) => problems.AddInFile(path, () => new(
        DataKeys.Source,
        $"the {noun} {Wording.Quote(token)} in line {at.Line}, at byte {at.Offset} of {path}, which is not in the vocabulary",
        $"{noun}s of the vocabulary", $"add it to the file of data.vocabulary, or a line {Vocabulary.Unknown} that stands for all others"));
}
