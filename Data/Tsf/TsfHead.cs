using System.Globalization;
using System.Text;
using Orleans.Tbptt.Data.Files;
using Orleans.Tbptt.Data.Problems;
using Orleans.Tbptt.Data.Tables;

namespace Orleans.Tbptt.Data.Tsf;

/// <summary>The type of an attribute of a series.</summary>
internal enum TsfType
{
    /// <summary>A text.</summary>
    Text,

    /// <summary>A number.</summary>
    Number,

    /// <summary>The time of the first value, <c>2020-01-31 12-30-00</c>.</summary>
    Date,
}

/// <summary>
/// What stands before the data of a .tsf file, as the reader of the archive's authors (github.com/rakshitha123/TSForecasting) takes it:
/// comments (#), then <c>@attribute NAME string|numeric|date</c>, <c>@frequency</c> and others, then <c>@data</c>.
/// </summary>
/// <param name="Attributes">The attributes of a series, in the order in which they stand before its values.</param>
/// <param name="Step">The step of time; null where no frequency is given.</param>
internal sealed record TsfHead(IReadOnlyList<(string Name, TsfType Type)> Attributes, TsfStep? Step)
{
    private const string Expected = "a .tsf file: @attribute lines, @data, then ATTRIBUTE:…:VALUE,VALUE,…";
    private const int MostAttributes = 1000;

    /// <summary>Reads up to the line <c>@data</c>.</summary>
    /// <exception cref="TableFormatException">They are not these lines.</exception>
    public static TsfHead Read(ByteLines lines, string path)
    {
        var attributes = new List<(string, TsfType)>();
        TsfStep? step = null;
        while (lines.TryRead(out ReadOnlySpan<byte> bytes))
        {
            string line = Encoding.UTF8.GetString(bytes[..Math.Min(bytes.Length, 4096)]).Trim();
            if (line.Length == 0 || line[0] == '#')
                continue;
            if (line[0] != '@')
                throw Unfit(Wording.Quote(line), "write the lines that begin with @ first, and @data before the series");
            string[] words = line.Split((char[]?)null, 3, StringSplitOptions.RemoveEmptyEntries);
            switch (words[0].ToLowerInvariant())
            {
                case "@data" when attributes.Count == 0:
                    throw Unfit("@data before any attribute", "add @attribute series_name string");
                case "@data":
                    return new(attributes, step);
                case "@attribute" when words.Length == 3 && TypeOf(words[2]) is { } type:
                    attributes.Add((words[1], type));
                    break;
                case "@attribute":
                    throw Unfit(Wording.Quote(line), "write @attribute NAME and string, numeric or date");
                case "@frequency" when words.Length == 2:
                    step = TsfStep.Of(words[1]) ?? throw Unfit($"the frequency {Wording.Quote(words[1])}", $"write one of {TsfStep.Names}");
                    break;
            }

            if (attributes.Count > MostAttributes)
                throw Unfit($"more than {MostAttributes} attributes", "check the file");
        }

        throw Unfit("no line @data", "check that the file is whole");

        TableFormatException Unfit(string found, string remedy) => new($"{found} at {path}:{lines.Number}", Expected, remedy);
    }

    private static TsfType? TypeOf(string word) => word switch
    {
        "string" => TsfType.Text,
        "numeric" => TsfType.Number,
        "date" => TsfType.Date,
        _ => null,
    };
}

/// <summary>A step of time: some minutes, or some months of the calendar.</summary>
/// <param name="Minutes">Minutes; 0 for months.</param>
/// <param name="Months">Months; 0 for minutes.</param>
internal readonly record struct TsfStep(int Minutes, int Months)
{
    private static readonly Dictionary<string, TsfStep> Known = new(StringComparer.Ordinal)
    {
        ["minutely"] = new(1, 0),
        ["4_seconds"] = default,
        ["10_minutes"] = new(10, 0),
        ["half_hourly"] = new(30, 0),
        ["hourly"] = new(60, 0),
        ["daily"] = new(24 * 60, 0),
        ["weekly"] = new(7 * 24 * 60, 0),
        ["monthly"] = new(0, 1),
        ["quarterly"] = new(0, 3),
        ["yearly"] = new(0, 12),
    };

    /// <summary>The words for a frequency.</summary>
    public static string Names => string.Join(", ", Known.Keys);

    /// <summary>The step of a frequency; null for another word.</summary>
    public static TsfStep? Of(string word) => Known.TryGetValue(word, out TsfStep step) ? step : null;

    /// <summary>The time of a value, in microseconds since 1970-01-01; NaN where it is beyond the year 9999.</summary>
    /// <param name="start">The time of the series' first value.</param>
    /// <param name="index">The value, from 0.</param>
    public double Time(DateTime start, long index)
    {
        try
        {
            DateTime time = Months > 0 ? start.AddMonths(checked((int)(index * Months)))
                : start.AddTicks(checked(index * (Minutes > 0 ? Minutes * TimeSpan.TicksPerMinute : 4 * TimeSpan.TicksPerSecond)));
            return (double)(time.Ticks - DateTime.UnixEpoch.Ticks) / TimeSpan.TicksPerMicrosecond;
        }
        catch (Exception error) when (error is ArgumentOutOfRangeException or OverflowException)
        {
            return double.NaN;
        }
    }

    /// <summary>Reads a date of the format.</summary>
    public static bool TryParseDate(string text, out DateTime date) => DateTime.TryParseExact(
        text, ["yyyy-MM-dd HH-mm-ss", "yyyy-MM-dd"], CultureInfo.InvariantCulture,
        DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out date);
}
