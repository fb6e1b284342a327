using System.Text;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Training.Bisecting;

namespace Orleans.Tbptt.Client.Bisect;

/// <summary>A data file that is not the same in two runs.</summary>
/// <param name="A">The first run's; null where it has none at this place.</param>
/// <param name="B">The second run's.</param>
/// <param name="Where">Where the contents differ first; null where they are not both at hand.</param>
internal sealed record UnlikeFile(DataFile? A, DataFile? B, UnlikeContent? Where)
{
    /// <summary>Those of two runs, in the order in which they are opened.</summary>
    /// <param name="a">The first run.</param>
    /// <param name="rootA">The directory in which its data lie by their names; null where they lie where it was born.</param>
    /// <param name="b">The second run.</param>
    /// <param name="rootB">The same of the second run.</param>
    public static IReadOnlyList<UnlikeFile> Between(BisectedRun a, string? rootA, BisectedRun b, string? rootB)
    {
        var found = new List<UnlikeFile>();
        for (int i = 0; i < Math.Max(a.Files.Count, b.Files.Count); i++)
        {
            var (one, other) = (a.Files.ElementAtOrDefault(i), b.Files.ElementAtOrDefault(i));
            if (one?.Sha256 == other?.Sha256 && one?.Length == other?.Length)
                continue;
            found.Add(new(one, other, one is null || other is null ? null
                : UnlikeContent.Find(PathOf(one, rootA), one.Length, PathOf(other, rootB), other.Length)));
        }

        return found;
    }

    private static string PathOf(DataFile file, string? root) => root is null ? file.Path : Path.Combine(root, Path.GetFileName(file.Path));
}

/// <summary>Where two files differ first.</summary>
/// <param name="Line">The line, from 1; null where the files are no text.</param>
/// <param name="Byte">The byte, from 0.</param>
/// <param name="A">That line of the first file, shortened; null where the files are no text.</param>
/// <param name="B">That line of the second file.</param>
internal sealed record UnlikeContent(long? Line, long Byte, string? A, string? B)
{
    private const int LongestLine = 4_096;

    /// <summary>Compares two files; null where one is not at hand, or no longer as long as it was.</summary>
    public static UnlikeContent? Find(string pathA, long lengthA, string pathB, long lengthB)
    {
        try
        {
            using FileStream a = File.OpenRead(pathA), b = File.OpenRead(pathB);
            return a.Length == lengthA && b.Length == lengthB ? Find(a, b) : null;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static UnlikeContent? Find(FileStream a, FileStream b)
    {
        byte[] one = new byte[1 << 16], other = new byte[one.Length];
        long at = 0, line = 1, lineStart = 0;
        while (true)
        {
            int read = a.ReadAtLeast(one, one.Length, throwOnEndOfStream: false);
            int count = b.ReadAtLeast(other, other.Length, throwOnEndOfStream: false);
            int same = one.AsSpan(0, read).CommonPrefixLength(other.AsSpan(0, count));
            for (int i = 0; i < same; i++)
            {
                if (one[i] == (byte)'\n')
                    (line, lineStart) = (line + 1, at + i + 1);
            }

            if (same < Math.Max(read, count))
            {
                string? first = LineAt(a, lineStart), second = LineAt(b, lineStart);
                bool isText = first is not null && second is not null;
                return new(isText ? line : null, at + same, isText ? first : null, isText ? second : null);
            }

            if (read == 0)
                return null;
            at += read;
        }
    }

    /// <summary>The line that begins at a byte; null where it is no line of text.</summary>
    private static string? LineAt(FileStream file, long start)
    {
        byte[] content = new byte[LongestLine];
        file.Position = Math.Min(start, file.Length);
        var bytes = content.AsSpan(0, file.ReadAtLeast(content, content.Length, throwOnEndOfStream: false));
        int end = bytes.IndexOf((byte)'\n');
        if (end < 0 && bytes.Length == LongestLine)
            return null;
        string text = Encoding.UTF8.GetString(end < 0 ? bytes : bytes[..end]).TrimEnd('\r');
        return text.Any(character => character == '\uFFFD' || (char.IsControl(character) && character != '\t')) ? null : text;
    }
}
