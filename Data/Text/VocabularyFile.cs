using System.Text;
using System.Text.Unicode;
using Orleans.Tbptt.Data.Files;
using Orleans.Tbptt.Data.Problems;

namespace Orleans.Tbptt.Data.Text;

/// <summary>Reads a vocabulary from a file in UTF-8 with one token a line; the first line's token has number 0.</summary>
internal static class VocabularyFile
{
    /// <summary>The vocabulary, closed; null, with problems, where the file has mistakes.</summary>
    /// <param name="path">The file, for messages.</param>
    /// <param name="real">The file to open.</param>
    /// <param name="token">The token that a line stands for; null for one that is none.</param>
    /// <param name="expected">What a line should be, for messages.</param>
    /// <param name="problems">Collects the problems.</param>
    public static Vocabulary? TryRead(string path, string real, Func<string, string?> token, string expected, ProblemList problems)
    {
        var vocabulary = new Vocabulary();
        try
        {
            using FileStream stream = File.OpenRead(real);
            var lines = new ByteLines(stream);
            while (lines.TryRead(out ReadOnlySpan<byte> line))
            {
                long number = lines.Number;
                string text = Utf8.IsValid(line) ? Encoding.UTF8.GetString(line) : "";
                if (!Utf8.IsValid(line))
                    Report(number, "bytes that are not UTF-8", "convert the file to UTF-8");
                else if (token(text) is not { } name)
                    Report(number, text.Length == 0 ? "an empty line" : Wording.Quote(text), "correct the line");
                else if (vocabulary.Has(name))
                    Report(number, $"{Wording.Quote(text)} a second time", "remove one of the two");
                else
                    vocabulary.Add(name);
            }
        }
        catch (LineTooLongException error)
        {
            problems.Add(DataKeys.VocabularyFile, $"a line of more than {error.Most} bytes in line {error.Line} of {path}", expected,
                "check that the file is a vocabulary");
        }
        catch (VocabularyFullException)
        {
            problems.Add(
                DataKeys.VocabularyFile, $"more tokens in {path} than a vocabulary can have",
                FormattableString.Invariant($"at most {Vocabulary.Most:N0} tokens"), "remove the rarest");
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            problems.AddRange([InputFile.Unreadable(DataKeys.VocabularyFile, path, error)]);
        }

        return problems.IsEmpty ? vocabulary.Close() : null;

        void Report(long line, string found, string remedy) => problems.AddInFile(
            path, () => new(DataKeys.VocabularyFile, $"{found} in line {line} of {path}", expected, remedy));
    }
}
