using System.Collections;
using System.Diagnostics.CodeAnalysis;
using System.IO.Pipelines;
using System.Security.Cryptography;
using System.Text;
using System.Threading.Channels;
using Orleans.Tbptt.Client;
using Orleans.Tbptt.Data;
using Orleans.Tbptt.Data.Preparation;
using Orleans.Tbptt.Tests.Training.Models;
using static Orleans.Tbptt.Tests.Training.Models.TrainedModels;

namespace Orleans.Tbptt.Tests.Client;

/// <summary>Forecasts from rows that arrive at standard input.</summary>
public sealed class PredictStreamTests : IDisposable
{
    private readonly ScriptedConsole _console = new();
    private readonly TrainedModels _models = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _console.Dispose();
        _models.Dispose();
    }

    /// <summary>Each forecast is there before the next row is.</summary>
    [Fact]
    public async Task Forecast_IsWritten_AsSoonAsItsRowIsWhole()
    {
        string package = _models.Save(_models.Trained(OneSeries()));
        await _console.RunAsync("predict", package, "--input", _models.Write("all.csv", OneSeries()));
        string[] expected = _console.Output.TrimEnd().Split('\n');
        var pipe = new Pipe();
        var written = new FlushedLines();
        using var console = new ScriptedConsole { Input = pipe.Reader.AsStream(), Written = written };

        var running = Task.Run(() => console.RunAsync("predict", package, "--input", "-"), Cancellation);
        string[] rows = OneSeries().TrimEnd().Split('\n');
        await WriteAsync($"{rows[0]}\n");
        for (int i = 1; i < rows.Length; i++)
        {
            // In two parts, of which the first is no whole row.
            await WriteAsync(rows[i][..2]);
            await WriteAsync($"{rows[i][2..]}\n");
            if (i == 1)
                Assert.Equal(expected[0], await written.NextAsync());
            Assert.Equal(expected[i], await written.NextAsync());
        }

        await pipe.Writer.CompleteAsync();
        Assert.Equal(0, await running);

        async Task WriteAsync(string part) => await pipe.Writer.WriteAsync(Encoding.UTF8.GetBytes(part), Cancellation);
    }

    /// <summary>One hash, whether rows come one by one, in pieces of any size, or all at once.</summary>
    [Theory]
    [InlineData("")]
    [InlineData("series: shop, time: day,")]
    [InlineData("series: shop, time: day, inputs: [sales, weekday, size], known: [weekday], static: [size, kind], categorical: [kind], "
        + "transform: {sales: difference}, missingValues: forward, horizon: 2,")]
    public async Task Forecasts_HaveOneHash_HoweverRowsArrive(string keys)
    {
        string text = keys.Length == 0 ? OneSeries() : Panel();
        string package = _models.Save(_models.Trained(text, keys));
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        var hashes = new List<string>();
        foreach (int size in (int[])[1, 7, 64, 100_000])
        {
            using var console = new ScriptedConsole { Input = new Pieces(bytes, size) };
            Assert.True(await console.RunAsync("predict", package, "--input", "-") == 0, console.Error);
            hashes.Add(Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(console.Output))));
        }

        await _console.RunAsync("predict", package, "--input", _models.Write("all.csv", text));
        using var again = new ScriptedConsole { Input = new Pieces(bytes, 1000) };
        await again.RunAsync("predict", package, "--input", "-");

        Assert.Single(hashes.Distinct());

        // A file is answered series by series.
        Assert.Equal(_console.Output.Split('\n').Order(StringComparer.Ordinal), again.Output.Split('\n').Order(StringComparer.Ordinal));
    }

    /// <summary>A stream may follow on a file, and a file on a stream.</summary>
    [Fact]
    public async Task State_GoesFromFilesToStreamsAndBack()
    {
        string[] lines = OneSeries().TrimEnd().Split('\n');
        string package = _models.Save(_models.Trained(OneSeries(), "transform: {sales: difference},")), state = _models.File("state");
        string[] all = await Predict(Stream.Null, "--input", _models.Write("all.csv", OneSeries()));
        string Piece(int from, int to) => string.Join('\n', lines[from..to].Prepend(lines[0])) + "\n";

        string[] first = await Predict(Stream.Null, "--input", _models.Write("1.csv", Piece(1, 9)), "--state-out", state);
        string[] second = await Predict(
            new Pieces(Encoding.UTF8.GetBytes(Piece(9, 20)), 5), "--input", "-", "--from-state", state, "--state-out", state);
        string[] third = await Predict(Stream.Null, "--input", _models.Write("3.csv", Piece(20, 41)), "--from-state", state);

        Assert.Equal(all, first.Concat(second.Skip(1)).Concat(third.Skip(1)));

        async Task<string[]> Predict(Stream input, params string[] arguments)
        {
            using var console = new ScriptedConsole { Input = input };
            Assert.True(await console.RunAsync(["predict", package, .. arguments]) == 0, console.Error);
            return console.Output.TrimEnd().Split('\n');
        }
    }

    /// <summary>The first row with decimals shows what stands in front of them, wherever it comes.</summary>
    [Theory]
    [InlineData(',')]
    [InlineData('.')]
    public async Task Decimals_AreReadAsThoseOfAFile_WhereTheFirstRowsHaveNone(char mark)
    {
        string text = "sales;size\n" + string.Concat(Enumerable.Range(0, 40).Select(
            i => i < 6 ? $"{100 + i};{i}\n" : $"{100 + (i * 7 % 13)}{mark}{i % 10};{i}\n"));
        string package = _models.Save(_models.Trained(text));
        Assert.Equal(0, await _console.RunAsync("predict", package, "--input", _models.Write("all.csv", text)));
        foreach (int size in (int[])[1, 7, 100_000])
        {
            using var console = new ScriptedConsole { Input = new Pieces(Encoding.UTF8.GetBytes(text), size) };
            Assert.True(await console.RunAsync("predict", package, "--input", "-") == 0, console.Error);
            Assert.Equal(_console.Output, console.Output);
        }
    }

    /// <summary>A row takes no time for the series of others.</summary>
    [Fact]
    public void Row_LooksUpItsOwnSeriesAlone()
    {
        var package = _models.Trained(Panel(), "series: shop, time: day, transform: {sales: difference},");
        const string Rows = "day,shop,sales\n2024-02-01,south,300\n2024-02-02,south,301\n";
        var stream = new ArrivingRows(package.Spec, package.Config.Contents, new MemoryStream(Encoding.UTF8.GetBytes(Rows)));
        var before = new LookedUp();
        using (var first = stream.Next(before)!)
            before.Ends.Add("south", first.Series.Single().End);
        using var second = stream.Next(before)!;

        Assert.Equal(2, second.Series.Single().End.Rows);
        Assert.Equal(["south"], before.Names.Distinct());
    }

    [Theory]
    [InlineData("", "found no row on standard input")]
    [InlineData("sales\n", "found no row on standard input")]
    [InlineData("sales\n1\n2\nx\n", "standard input:4")]
    [InlineData("sales\n1\n\n2\n", "an empty line at standard input:3")]
    [InlineData("sales,b\n1,1\n2,2\n3\n", "1 field at standard input:4")]
    [InlineData("other\n1\n", "'sales'")]
    [InlineData("\u001f\u008b\n1\n", "")]
    public async Task Rows_AreRefused_WhereTheyStand(string text, string expected)
    {
        string package = _models.Save(_models.Trained(OneSeries()));
        using var console = new ScriptedConsole { Input = new Pieces(Encoding.UTF8.GetBytes(text), 1) };

        Assert.Equal(ExitCode.BadSpec, await console.RunAsync("predict", package, "--input", "-"));

        Assert.Contains(expected, console.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Times_ThatCanBeReadInTwoWays_AreRefused()
    {
        string text = Panel();
        string package = _models.Save(_models.Trained(text, "series: shop, time: day,"));
        const string Rows = "day,shop,sales\n03/04/2024,north,300\n";
        using var console = new ScriptedConsole { Input = new Pieces(Encoding.UTF8.GetBytes(Rows), 100) };

        Assert.Equal(ExitCode.BadSpec, await console.RunAsync("predict", package, "--input", "-"));

        Assert.Contains("in which the day or the month may stand first", console.Error, StringComparison.Ordinal);
    }

    /// <summary>Ends of series that are looked up by name alone.</summary>
    private sealed class LookedUp : IReadOnlyDictionary<string, SeriesEnd>
    {
        public Dictionary<string, SeriesEnd> Ends { get; } = [];

        public List<string> Names { get; } = [];

        public IEnumerable<string> Keys => throw new NotSupportedException();

        public IEnumerable<SeriesEnd> Values => throw new NotSupportedException();

        public int Count => throw new NotSupportedException();

        public SeriesEnd this[string key] => throw new NotSupportedException();

        public bool ContainsKey(string key) => throw new NotSupportedException();

        public bool TryGetValue(string key, [MaybeNullWhen(false)] out SeriesEnd value)
        {
            Names.Add(key);
            return Ends.TryGetValue(key, out value);
        }

        public IEnumerator<KeyValuePair<string, SeriesEnd>> GetEnumerator() => throw new NotSupportedException();

        IEnumerator IEnumerable.GetEnumerator() => throw new NotSupportedException();
    }

    /// <summary>Gives so many bytes at a time.</summary>
    private sealed class Pieces(byte[] bytes, int size) : MemoryStream(bytes)
    {
        public override int Read(byte[] buffer, int offset, int count) => base.Read(buffer, offset, Math.Min(size, count));

        public override int Read(Span<byte> buffer) => base.Read(buffer[..Math.Min(size, buffer.Length)]);
    }

    /// <summary>Lines that can be read once they were flushed.</summary>
    private sealed class FlushedLines : StringWriter
    {
        private readonly Channel<string> _lines = Channel.CreateUnbounded<string>();

        public FlushedLines() => NewLine = "\n";

        public ValueTask<string> NextAsync() => _lines.Reader.ReadAsync(Cancellation);

        public override void Flush()
        {
            string text = GetStringBuilder().ToString();
            foreach (string line in text.Split('\n')[..^1])
                _lines.Writer.TryWrite(line);
            GetStringBuilder().Clear().Append(text[(text.LastIndexOf('\n') + 1)..]);
        }
    }
}
