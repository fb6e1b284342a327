using System.Globalization;
using System.IO.Hashing;
using Orleans.Tbptt.Journals;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Tests.Support;

namespace Orleans.Tbptt.Tests.Abstractions.Journals;

public sealed class SegmentTests : IDisposable
{
    private const int Open = 3_000;
    private static readonly Lazy<SegmentBuilder> First = new(() => SegmentSample.Segment(0, SegmentSample.Line));
    private static readonly Lazy<SegmentBuilder> Second = new(() => SegmentSample.Segment(1, Plain));
    private readonly TemporaryDirectory _directory = new();

    private string Journal => _directory.File("metrics.jsonl");

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Column_ComesBackToTheBit(int shape)
    {
        var random = new Random(shape);
        long[] values = [.. Enumerable.Range(0, 5_000).Select(i => shape switch
        {
            0 => random.NextInt64(long.MinValue, long.MaxValue),
            1 => (long)i * i * i - 7,
            2 => i % 2 == 0 ? long.MinValue : long.MaxValue,
            _ => BitConverter.DoubleToInt64Bits(Math.Cos(i / 1e4)),
        })];
        using var stream = new MemoryStream();

        var stored = ColumnCodec.Encode(values, stream);

        Assert.Equal(values, ColumnCodec.Decode(stream.ToArray(), values.Length, stored));
        Assert.True(stream.Length <= 8 * values.Length + 8, $"{stream.Length} bytes");
        Assert.Empty(ColumnCodec.Decode([], 0, ColumnCodec.Encode([], new MemoryStream())));
    }

    [Fact]
    public void Segment_GivesEveryLineBackToTheByte_AndEveryNumberToTheBit()
    {
        SegmentSample.Write(Journal, First.Value);
        File.WriteAllLines(Journal, SegmentSample.Lines(SegmentFormat.Events + 1, Open));

        Assert.Equal(SegmentSample.Lines(1, SegmentFormat.Events + Open), SegmentSample.Read(new(Journal)));
        Assert.Equal(
            SegmentSample.Lines(65_000, 1_000), new JournalReader(Journal).Read(64_999, 1_000).Lines);
        using var segment = SegmentFile.Open(Journal, 0);
        var steps = segment.Steps();
        Assert.Equal(segment.Header.Steps, steps.Count);
        for (int row = 0; row < steps.Count; row++)
        {
            // Lines write null for what is not finite; so what was in a line comes back as NaN.
            double loss = SegmentSample.Step(steps.Numbers[row]).Loss;
            long expected = BitConverter.DoubleToInt64Bits(double.IsFinite(loss) ? loss : double.NaN);
            Assert.Equal(expected, BitConverter.DoubleToInt64Bits(steps.Values[(int)StepMetric.Loss][row]));
        }
    }

    [Fact]
    public void Segment_TakesAtMost24BytesAStep_WithMantissasOfNoise_AndEightForItsHash()
    {
        double without = Size(number => null);

        Assert.InRange(without, 10, 24);
        Assert.InRange(Size(number => new(XxHash3.HashToUInt64(BitConverter.GetBytes(number)))) - without, 8, 8.1);

        double Size(Func<long, StateHash?> hash)
        {
            var builder = SegmentSample.Segment(0, number => RunJson.Write(SegmentSample.Step(number) with
            {
                DifferenceNorm = null, Seconds = TimeSpan.FromTicks(1_300 + number * 7_919 % 400).TotalSeconds, StateHash = hash(number),
            }));
            return (builder.Write().Length + builder.WriteIndex().Length) / (double)SegmentFormat.Events;
        }
    }

    /// <summary>A run without hashes takes the bytes that it took, and a segment of a former release is one of these.</summary>
    [Fact]
    public void Segment_WithoutHashes_HasNoColumnOfThem()
    {
        SegmentSample.Write(Journal, SegmentSample.Segment(0, Plain));

        using var segment = SegmentFile.Open(Journal, 0);

        Assert.DoesNotContain(segment.Header.Sections, section => section.Name == SegmentFormat.Hashes);
        Assert.Equal(Plain(7), segment.Lines().From(6, 1).Single());
    }

    [Fact]
    public void Ranges_AreThoseOfTheLines_AtEveryZoom()
    {
        SegmentSample.Write(Journal, First.Value);
        File.WriteAllLines(Journal, SegmentSample.Lines(SegmentFormat.Events + 1, Open));
        string lines = _directory.File("lines/metrics.jsonl");
        Directory.CreateDirectory(Path.GetDirectoryName(lines)!);
        File.WriteAllLines(lines, SegmentSample.Lines(1, SegmentFormat.Events + Open));
        JournalReader closed = new(Journal, 1.5), open = new(lines, 1.5);

        foreach (var (from, to, points) in ((long, long, int)[])
            [(1, 70_000, 1), (1, 70_000, 3), (1, 65_500, 100), (60_000, 67_000, 500), (100, 300, 1_000)])
        {
            var expected = open.Range(from, to, points);
            var found = closed.Range(from, to, points);
            Assert.Equal(expected.Select(Text), found.Select(Text));
        }

        Assert.Equal(open.ReadOthers(0).Lines, closed.ReadOthers(0).Lines);
        Assert.Equal(open.ReadOthers(40_001).Lines, closed.ReadOthers(40_001).Lines);
        Assert.Empty(closed.Problems);

        static string Text(StepBucket bucket) => string.Create(CultureInfo.InvariantCulture,
            $"{bucket.First} {bucket.Step} {bucket.Number} {bucket.Time:O} {bucket.Count} {bucket.Clipped} {bucket.LearningRate:R} "
            + $"{bucket.Low:R} {bucket.High:R} {bucket.NonFinite} {bucket.Loss:G9} {bucket.GradientNorm:G9} {bucket.Seconds:G9} "
            + $"{bucket.Elements:G9}");
    }

    [Theory]
    [InlineData(5, "does not begin as a segment", true)]
    [InlineData(100, "header has another SHA-256", true)]
    [InlineData(-700_000, "has another SHA-256", true)]
    [InlineData(-5, "section 'verbatim' has another SHA-256", false)]
    public void DamagedSegment_IsReported_AndTheOthersAreRead(int place, string found, bool concernsCharts)
    {
        SegmentSample.Write(Journal, First.Value);
        SegmentSample.Write(Journal, Second.Value);
        File.WriteAllLines(Journal, Enumerable.Range(2 * SegmentFormat.Events + 1, 10).Select(number => Plain(number)));
        string damaged = SegmentFormat.File(Journal, 0);
        byte[] bytes = File.ReadAllBytes(damaged);
        bytes[place < 0 ? bytes.Length + place : place] ^= 0x10;
        File.WriteAllBytes(damaged, bytes);
        var reader = new JournalReader(Journal);

        var page = reader.Read(0, 10);
        var after = reader.Read(page.Last, 5);

        string message = Assert.IsType<RunWarning>(RunJson.ReadEvent(Assert.Single(page.Lines))).Message;
        Assert.StartsWith("events 1 to 65536 are missing: ", message, StringComparison.Ordinal);
        Assert.Contains(damaged, message, StringComparison.Ordinal);
        Assert.Contains(found, message, StringComparison.Ordinal);
        Assert.True(page.HasMore);
        Assert.Equal([65_537, 65_538, 65_539, 65_540, 65_541], after.Lines.Select(line => RunJson.ReadEvent(line).Number));
        Assert.Equal(SegmentFormat.Events + 10, reader.Range(SegmentFormat.Events + 1, long.MaxValue / 4, 1)[0].Count);
        reader.Range(1, 200, 200);
        Assert.Equal(concernsCharts, reader.Problems.Any(problem => problem.Contains(damaged, StringComparison.Ordinal)));
    }

    [Fact]
    public void MissingSegment_IsReported()
    {
        File.WriteAllLines(Journal, SegmentSample.Lines(SegmentFormat.Events + 1, 10));

        var page = new JournalReader(Journal).Read(0, 10);

        Assert.Contains("events 1 to 65536 are missing", Assert.Single(page.Lines), StringComparison.Ordinal);
        Assert.Equal(10, new JournalReader(Journal).Read(page.Last, 100).Lines.Count);
    }

    public void Dispose() => _directory.Dispose();

    private static string Plain(long number) => RunJson.Write(new StepCommitted
    {
        Number = number, Step = number, Epoch = 1, Loss = 1, GradientNorm = 1, LearningRate = 1, Weight = 1, Seconds = 1,
    });
}
