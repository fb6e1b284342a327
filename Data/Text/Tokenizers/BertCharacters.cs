using System.Globalization;
using System.Text;

namespace Orleans.Tbptt.Data.Text.Tokenizers;

/// <summary>
/// What the tokenizers library does to each Unicode scalar value in its BertNormalizer and BertPreTokenizer. Its tables are of older
/// versions of Unicode than .NET's, and .NET decomposes nothing without ICU, so that <c>bert-characters.txt</c> lists them.
/// </summary>
internal sealed class BertCharacters
{
    private const int HangulFirst = 0xac00;
    private const int HangulCount = 11172;
    private const int Vowels = 21;
    private const int Trails = 28;

    private static readonly Lazy<BertCharacters> Read = new(() => new());

    private BertCharacters()
    {
        const string Resource = "bert-characters.txt";
        using var reader = new StreamReader(typeof(BertCharacters).Assembly.GetManifestResourceStream(Resource)
            ?? throw new InvalidOperationException($"the assembly has no {Resource}"));
        var sections = new Dictionary<string, Ranges>();
        Ranges section = new();
        while (reader.ReadLine() is { } line)
        {
            if (line.StartsWith('['))
                sections[line.Trim('[', ']')] = section = new();
            else if (!line.StartsWith('#'))
                section.Add(line);
        }

        (Removed, Chinese, Punctuation) = (sections["removed"], sections["chinese"], sections["punctuation"]);
        (Lower, Strip, Marks, Starters) = (sections["lower"], sections["strip"], sections["marks"], sections["starters"]);
    }

    /// <summary>The library's tables.</summary>
    public static BertCharacters Tables => Read.Value;

    /// <summary>What clean_text removes.</summary>
    public Ranges Removed { get; }

    /// <summary>What handle_chinese_chars has spaces around.</summary>
    public Ranges Chinese { get; }

    /// <summary>What is a word of its own.</summary>
    public Ranges Punctuation { get; }

    /// <summary>What lowercase makes; a range counts up with what it makes.</summary>
    private Ranges Lower { get; }

    /// <summary>What strip_accents makes, each value of a range the same.</summary>
    private Ranges Strip { get; }

    /// <summary>Marks that strip_accents leaves, with the order into which it brings those next to each other.</summary>
    private Ranges Marks { get; }

    /// <summary>Marks that strip_accents removes and that part others which it would bring into order.</summary>
    private Ranges Starters { get; }

    /// <summary>What lowercase makes of a value.</summary>
    public void AddLower(Rune rune, List<Rune> to)
    {
        if (rune.IsAscii)
            to.Add(Rune.ToLowerInvariant(rune));
        else if (Lower.Find(rune) is not { } range)
            to.Add(rune);
        else if (range.Makes is [int only])
            to.Add(new(only + rune.Value - range.First));
        else
            to.AddRange(range.Makes.Select(value => new Rune(value)));
    }

    /// <summary>What strip_accents makes of a value, but for the order of marks.</summary>
    public IEnumerable<Rune> Stripped(Rune rune)
    {
        int syllable = rune.Value - HangulFirst;
        if (syllable is >= 0 and < HangulCount)
            return Jamo(syllable);
        return Strip.Find(rune) is { } range ? range.Makes.Select(value => new Rune(value)) : [rune];
    }

    /// <summary>The place of a mark among marks next to each other, from 1 on; 0 for what is no mark.</summary>
    public int OrderOf(Rune rune) => Marks.Find(rune) is { } range ? range.Makes[0] : 0;

    /// <summary>Whether a value that strip_accents removes leaves the order of marks on both sides as it is.</summary>
    public bool PartsMarks(Rune rune) => Starters.Find(rune) is not null;

    private static IEnumerable<Rune> Jamo(int syllable)
    {
        const int LeadBase = 0x1100, VowelBase = 0x1161, TrailBase = 0x11a7;
        yield return new(LeadBase + (syllable / (Vowels * Trails)));
        yield return new(VowelBase + (syllable / Trails % Vowels));
        if (syllable % Trails is > 0 and int trail)
            yield return new(TrailBase + trail);
    }

    /// <summary>Values from a first to a last one, all or every second, and what becomes of them.</summary>
    internal sealed record Range(int First, int Last, int Step, int[] Makes);

    /// <summary>Ranges in order.</summary>
    internal sealed class Ranges
    {
        private readonly List<Range> _ranges = [];

        /// <summary>Adds those of a line, such as <c>41-5a=61 100-12e/2=101 130=69.307</c>.</summary>
        public void Add(string line) => _ranges.AddRange(line.Split(' ').Select(entry =>
        {
            string[] parts = entry.Split('='), steps = parts[0].Split('/'), ends = steps[0].Split('-');
            return new Range(
                Hex(ends[0]), Hex(ends[^1]), steps.Length == 1 ? 1 : Hex(steps[1]),
                parts is [_, { Length: > 0 } makes] ? [.. makes.Split('.').Select(Hex)] : []);
        }));

        /// <summary>The range that has a value; null for none.</summary>
        public Range? Find(Rune rune)
        {
            (int low, int high) = (0, _ranges.Count - 1);
            while (low <= high)
            {
                int middle = (low + high) / 2;
                Range range = _ranges[middle];
                if (rune.Value < range.First)
                    high = middle - 1;
                else if (rune.Value > range.Last)
                    low = middle + 1;
                else
                    return (rune.Value - range.First) % range.Step == 0 ? range : null;
            }

            return null;
        }

        private static int Hex(string text) => int.Parse(text, NumberStyles.HexNumber, CultureInfo.InvariantCulture);
    }
}
