using System.Text.Json;
using Microsoft.Extensions.Time.Testing;
using Orleans.Tbptt.Grains;
using Orleans.Tbptt.Grains.Streams;
using Orleans.Tbptt.Tests.Support;

namespace Orleans.Tbptt.Tests.Grains.Streams;

/// <summary>What is written of streams is read again: whole or not at all, by whichever silo.</summary>
public sealed class StreamLogTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private readonly FakeTimeProvider _time = new(new(2026, 3, 14, 15, 9, 26, TimeSpan.Zero));
    private readonly HashSet<string> _alive = ["a", "b"];
    private readonly List<string> _reports = [];
    private readonly ServeOptions _options = new() { KeptRows = 32, Flush = false };
    private readonly List<StreamLog> _logs = [];

    [Fact]
    public void Stream_IsReadAsItWasWritten()
    {
        var log = Log("a");
        var state = Take(log, "m/one", log.Load("m/one"), 3);
        state = Take(log, "m/one", state, 2);
        Take(log, "m/two", log.Load("m/two"), 1);

        var read = log.Load("m/one");

        AssertSame(state, read);
        Assert.Equal((5, 5, false), (read.Last, read.Kept.Count, read.MustBeWhole));
    }

    [Fact]
    public void Streams_AreListedById_OfAPart_BehindOne_SomeAtATime()
    {
        var log = Log("a");
        string[] keys = ["m/b1", "m/a2", "m/B3", "m/a1", "n/a1", "m/gone", "m/a3"];
        foreach (string key in keys)
            Take(log, key, log.Load(key), 2);
        log.Forget("m/gone", log.Load("m/gone"));
        log.Commit();

        Assert.Equal("5 of 5: B3 a1 a2 a3 b1", Listed(new("", "", 10)));
        Assert.Equal("2 of 5: B3 b1", Listed(new("b", "", 10)));
        Assert.Equal("3 of 5: a1 a2", Listed(new("a", "", 2)));
        Assert.Equal("3 of 5: a3", Listed(new("a", "a2", 2)));
        Assert.Equal("0 of 5: ", Listed(new("x", "", 2)));

        // A silo that takes them over has their rows in its log.
        _alive.Remove("a");
        var other = Log("b");
        var list = other.ReadAll().List("n/", new("", "", 1), Entry);
        Assert.Equal(new("a1", 2, new(_time.GetUtcNow().UtcTicks, TimeSpan.Zero), default, "b"), Assert.Single(list.Streams));

        string Listed(StreamQuery query)
        {
            var list = log.ReadAll().List("m/", query, Entry);
            return $"{list.Found} of {list.Count}: {string.Join(' ', list.Streams.Select(one => one.Stream))}";
        }
    }

    /// <summary>Wherever the file ends, every record that is whole is there, and none else.</summary>
    [Fact]
    public void Log_CutAnywhere_HasEveryWholeRecord()
    {
        var log = Log("a");
        var states = new List<StreamState> { log.Load("m/s") };
        var ends = new List<long> { 0 };
        for (int i = 0; i < 4; i++)
        {
            states.Add(Take(log, "m/s", states[^1], 1));
            ends.Add(new FileInfo(Single()).Length);
        }

        byte[] bytes = File.ReadAllBytes(Single());
        log.Dispose();
        _alive.Remove("a");
        for (int length = 0; length <= bytes.Length; length++)
        {
            foreach (string file in Directory.GetFiles(_directory.Path))
                File.Delete(file);
            File.WriteAllBytes(StreamLogFile.PathOf(_directory.Path, "a", 1), bytes[..length]);
            int whole = ends.FindLastIndex(end => end <= length);
            using var other = New("b");

            var read = other.Load("m/s");

            Assert.Equal(whole, read.Last);
            if (whole > 0)
                AssertSame(states[whole], read);
        }

        Assert.Empty(_reports);
    }

    [Fact]
    public void DamageBeforeWholeRecords_IsReported_AndTheFileKept()
    {
        var log = Log("a");
        Take(log, "m/one", log.Load("m/one"), 1);
        long at = new FileInfo(Single()).Length;
        Take(log, "m/two", log.Load("m/two"), 1);
        var three = Take(log, "m/three", log.Load("m/three"), 1);
        string path = Single();
        byte[] bytes = File.ReadAllBytes(path);
        bytes[at + 40] ^= 1;
        File.WriteAllBytes(path, bytes);
        _alive.Remove("a");
        var other = Log("b");

        AssertSame(three, other.Load("m/three"));
        Assert.Equal(1, other.Load("m/one").Last);
        Assert.Equal(0, other.Load("m/two").Last);
        while (other.IsMoving)
            other.Evacuate();

        Assert.Contains("found bytes that are no record before whole ones", Assert.Single(_reports), StringComparison.Ordinal);
        Assert.Equal(bytes, File.ReadAllBytes(Assert.Single(Directory.GetFiles(_directory.Path, "*.damaged"))));
    }

    /// <summary>A silo that only seems dead answers nothing any more: what it writes goes to a file that lost its name.</summary>
    [Fact]
    public void SiloHeldForDead_LosesItsStreams_AndNoRowIsAnsweredTwice()
    {
        var first = Log("a");
        var state = Take(first, "m/s", first.Load("m/s"), 2);
        var waiting = Take(first, "m/t", first.Load("m/t"), 1);
        _alive.Remove("a");
        var second = Log("b");
        var taken = second.Load("m/s");
        AssertSame(state, taken);
        Assert.True(taken is { MustBeWhole: true } && taken.Epoch > state.Epoch);

        Assert.Throws<StreamsTakenException>(() => Take(first, "m/s", state, 1, value: 7));
        Assert.Equal(1, first.Incarnation);

        // Rows of another stream that waited behind those.
        var other = Take(second, "m/t", second.Load("m/t"), 1, value: 8);
        Assert.Throws<StreamsTakenException>(() => Take(first, "m/t", waiting, 1, value: 7));
        Assert.Throws<StreamsTakenException>(() => first.Forget("m/t", waiting));
        AssertSame(other, first.Load("m/t"));
        var further = Take(second, "m/s", taken, 1, value: 9);

        // The first one, back again, finds what the second one has answered.
        _alive.Add("a");
        AssertSame(further, first.Load("m/s"));
        _alive.Remove("b");
        AssertSame(further, first.Load("m/s"));
        _alive.Remove("a");
        AssertSame(further, Log("c").Load("m/s"));
    }

    /// <summary>Also where some of a dead silo's records were read under their former name.</summary>
    [Fact]
    public void Takeover_KeepsWhatWasReadBefore()
    {
        _alive.Add("c");
        var (first, second, third) = (Log("a"), Log("b"), Log("c"));
        var state = Take(first, "m/s", first.Load("m/s"), 2);
        for (int row = 0; row < 10; row++)
        {
            AssertSame(state, second.Load("m/s"));
            AssertSame(state, third.Load("m/s"));
            state = Take(first, "m/s", state, 1);
        }

        _alive.Remove("a");
        AssertSame(state, second.Load("m/s"));
        AssertSame(state, third.Load("m/s"));
        while (second.IsMoving)
            second.Evacuate();
        AssertSame(state, third.Load("m/s"));
        AssertSame(state, second.Load("m/s"));
        AssertSame(Take(third, "m/s", third.Load("m/s"), 1), second.Load("m/s"));
        Assert.Equal((0, 0), (second.Incarnation, third.Incarnation));
    }

    [Fact]
    public void LivingSilo_IsRead_WithoutLosingItsFile()
    {
        var first = Log("a");
        var second = Log("b");
        var state = Take(first, "m/s", first.Load("m/s"), 2);
        Take(first, "m/other", first.Load("m/other"), 1);

        var moved = Take(second, "m/s", second.Load("m/s"), 1);
        state = Take(first, "m/s", first.Load("m/s"), 1);

        Assert.Equal((3, 4), (moved.Last, state.Last));
        AssertSame(state, second.Load("m/s"));
        Assert.Equal((0, 0), (first.Incarnation, second.Incarnation));
    }

    [Fact]
    public void FullFiles_AreContinued_AndTheirStreamsMoved()
    {
        var log = New("a", full: 4096);
        _logs.Add(log);
        var states = Enumerable.Range(0, 5).ToDictionary(i => $"m/{i}", i => log.Load($"m/{i}"));
        for (int row = 0; row < 200; row++)
        {
            string key = $"m/{row % 5}";
            states[key] = Take(log, key, states[key], 1);
            if (log.IsMoving && row % 3 == 0)
                log.Evacuate();
        }

        while (log.IsMoving)
            log.Evacuate();

        Assert.InRange(Directory.GetFiles(_directory.Path).Length, 1, 2);
        Assert.All(states, one => AssertSame(one.Value, log.Load(one.Key)));
        Assert.All(states, one => Assert.Equal(32, log.Load(one.Key).Kept.Count));
        _alive.Remove("a");
        var other = Log("b");
        Assert.All(states, one => AssertSame(one.Value, other.Load(one.Key)));
    }

    [Fact]
    public void ForgottenAndExpiredStreams_BeginAtOne_WhateverOlderFilesHave()
    {
        var first = Log("a");
        var second = Log("b");
        var state = Take(first, "m/s", first.Load("m/s"), 5);
        var moved = Take(second, "m/s", second.Load("m/s"), 1);
        second.Forget("m/s", moved);
        second.Commit();

        Assert.Equal(0, second.Load("m/s").Last);
        Assert.Equal(0, first.Load("m/s").Last);
        Assert.Empty(first.ReadAll().List("m/", new("", "", 10), Entry).Streams);
        Assert.True(second.Load("m/s").Epoch > moved.Epoch && moved.Epoch > state.Epoch);
        var again = Take(second, "m/s", second.Load("m/s"), 1);
        AssertSame(again, first.Load("m/s"));

        _time.Advance(_options.Expiry + TimeSpan.FromSeconds(1));
        var begun = first.Load("m/s");
        Assert.Equal(0, begun.Last);
        Assert.True(begun.Epoch > again.Epoch);
    }

    /// <summary>A log that a former version wrote, whose records say nothing of what is carried (<c>Golden/streams.py</c>).</summary>
    [Fact]
    public void LogOfAFormerVersion_IsRead_AndContinued()
    {
        using var golden = JsonDocument.Parse(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Golden", "streams.json")));
        File.WriteAllBytes(
            StreamLogFile.PathOf(_directory.Path, "a", 1), Convert.FromBase64String(golden.RootElement.GetProperty("log").GetString()!));
        _alive.Remove("a");
        var log = Log("b");

        var state = log.Load("sun/a");

        Assert.Equal((3L, (UInt128)42, 7UL, new(2, 1, 2, 2)), (state.Last, state.Version, state.Columns, state.Shape));
        Assert.Equal(golden.RootElement.GetProperty("ticks").GetInt64() + TimeSpan.TicksPerSecond, state.TakenAt.UtcTicks);
        Assert.Equal([0.75f, -0.5f, 1.25f, 2], state.Hidden);
        Assert.Empty(state.Carried);
        Assert.Equal([54.5, 57.25, 60.125], state.Kept.SelectMany(row => row.Forecasts));
        Assert.Equal([1L, 2, 3], state.Kept.Select(row => row.Number));
        Assert.Equal(BitConverter.GetBytes(70.0), state.Kept[2].Cells);
        Assert.Equal(1, log.Load("sun/b").Last);
        var further = Take(log, "sun/a", state, 1);
        AssertSame(further, log.Load("sun/a"));
        Assert.Empty(_reports);
    }

    [Fact]
    public void FailedWrite_CountsForNothing()
    {
        var log = Log("a");
        var state = Take(log, "m/s", log.Load("m/s"), 1);
        log.Append("m/s", Further(state, 1, 5), 1);
        log.Abandon();

        AssertSame(state, log.Load("m/s"));
        AssertSame(Take(log, "m/s", state, 1), log.Load("m/s"));
    }

    public void Dispose()
    {
        foreach (var log in _logs)
            log.Dispose();
        _directory.Dispose();
    }

    private StreamLog Log(string owner)
    {
        _logs.Add(New(owner));
        return _logs[^1];
    }

    private StreamLog New(string owner, long full = StreamLog.FullFile) =>
        new(_directory.Path, owner, _alive.Contains, _options, _time, _reports.Add) { Full = full };

    private string Single() => Assert.Single(Directory.GetFiles(_directory.Path, "*" + StreamLogFile.Extension));

    private static StreamEntry Entry(string stream, StreamSummary summary) =>
        new(stream, summary.Last, new(summary.Ticks, TimeSpan.Zero), default, summary.Owner);

    private StreamState Take(StreamLog log, string key, StreamState state, int rows, float value = 1)
    {
        var after = Further(state, rows, value);
        log.Append(key, after, rows);
        log.Commit();
        return after with { MustBeWhole = false };
    }

    private StreamState Further(StreamState state, int rows, float value) => state with
    {
        Last = state.Last + rows, TakenAt = _time.GetUtcNow(), Version = 42, Columns = 7, Shape = new(2, 1, Units: 4, Outputs: 2),
        Hidden = [.. Enumerable.Range(0, 6).Select(i => value + state.Last + i)],
        Kept =
        [
            .. state.Kept.Concat(Enumerable.Range(0, rows).Select(i => new KeptRow(
                state.Last + 1 + i, [(byte)value, (byte)(state.Last + i)], [value, state.Last + i]))).TakeLast(_options.KeptRows),
        ],
    };

    private static void AssertSame(StreamState expected, StreamState found)
    {
        Assert.Equal(
            (expected.Last, expected.TakenAt, expected.Version, expected.Columns, expected.Shape),
            (found.Last, found.TakenAt, found.Version, found.Columns, found.Shape));
        Assert.Equal(expected.Hidden, found.Hidden);
        Assert.Equal(expected.Kept.Select(row => row.Number), found.Kept.Select(row => row.Number));
        Assert.Equal(expected.Kept.Select(row => Convert.ToHexString(row.Cells)), found.Kept.Select(row => Convert.ToHexString(row.Cells)));
        Assert.Equal(expected.Kept.SelectMany(row => row.Forecasts), found.Kept.SelectMany(row => row.Forecasts));
    }
}
