using System.Text;
using Orleans.Tbptt.Grains.Journal;
using Orleans.Tbptt.Journals;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Tests.Support;

namespace Orleans.Tbptt.Tests.Grains.Journal;

public sealed class JournalFileTests : IDisposable
{
    private static readonly string[] Three = ["{\"number\":1}\n", "{\"number\":2}\n", "{\"number\":3}\n"];
    private static readonly string EndLine = End("") + "\n";
    private static readonly string Step =
        RunJson.Write(new StepCommitted { Number = 1, Step = 1, Epoch = 1, Loss = 1, GradientNorm = 1, LearningRate = 1, Weight = 1,
            Seconds = 1 }) + "\n";

    private readonly TemporaryDirectory _directory = new();

    private string Journal => _directory.File("metrics.jsonl");

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void End_IsNone_WhereThereIsNoJournal() => Assert.Null(JournalFile.End(Journal));

    [Fact]
    public void End_IsTheLastWholeLine_WhenThatIsOne()
    {
        Assert.Equal((RunState.Diverged, 7), EndOf(EndLine));
        Assert.Equal((RunState.Diverged, 7), EndOf(Step + EndLine));
        Assert.Equal((RunState.Diverged, 7), EndOf(Step + EndLine + "{\"type\":\"run\",\"num"));
        Assert.Equal((RunState.Diverged, 7), EndOf(EndLine + Step + EndLine));
    }

    [Fact]
    public void End_IsNone_WhenTheLastWholeLineIsAnother()
    {
        Assert.Null(EndOf(""));
        Assert.Null(EndOf("\n"));
        Assert.Null(EndOf(Step));
        Assert.Null(EndOf(EndLine + Step));
        Assert.Null(EndOf(EndLine + Step + "{\"type\":\"end\",\"num"));
        Assert.Null(EndOf(EndLine.TrimEnd('\n')));
        Assert.Null(EndOf(Step + EndLine.TrimEnd('\n')));
        Assert.Null(EndOf(RunJson.Write(new RunWarning { Number = 1, Message = EndLine }) + "\n"));
    }

    [Theory]
    [InlineData(10)]
    [InlineData((1 << 16) - 400)]
    public void End_IsFound_BehindAndWithLongLines(int length)
    {
        // Of three bytes each, so that the tail begins within a character.
        string before = $"{{\"type\":\"warning\",\"message\":\"{new string('\u20ac', 200_000)}\"}}\n";
        string end = End(new string('x', length));

        Assert.Equal((RunState.Diverged, 7), EndOf(before + end + "\n"));
        Assert.Null(EndOf(end + "\n" + before));
    }

    [Fact]
    public void Lines_LeaveOut_WhatIsAppendedAfterTheyWereAskedFor_AsLongAsItIsTorn()
    {
        File.WriteAllText(Journal, "a\n");
        var lines = JournalLines.In(Journal);
        File.AppendAllText(Journal, "b\ntorn");

        Assert.Equal(["a", "b"], lines);
    }

    [Fact]
    public void End_IsReadWhileTheJournalIsWritten()
    {
        using var writer = JournalFile.TakeOver(Journal, ".1.tmp", () => true, out _);
        writer.Write(Encoding.UTF8.GetBytes(EndLine));

        Assert.NotNull(JournalFile.End(Journal));
    }

    [Fact]
    public void TakeOver_KeepsEveryWholeLine_AndNothingTorn()
    {
        File.WriteAllText(Journal, string.Concat(Three) + "{\"num");

        using (var stream = JournalFile.TakeOver(Journal, ".2.tmp", () => true, out long lines))
        {
            Assert.Equal(3, lines);
            stream.Write("next\n"u8);
        }

        Assert.Equal(string.Concat(Three) + "next\n", File.ReadAllText(Journal));
        Assert.Equal([Journal], Directory.GetFileSystemEntries(_directory.Path));
    }

    [Fact]
    public void TakeOver_KeepsEveryWholeLine_OfAJournalOfManyBlocks()
    {
        string[] lines =
            [.. Enumerable.Range(1, 10_000).Select(number => $"{{\"number\":{number},\"x\":\"{new string('x', number % 97)}\"}}\n")];
        File.WriteAllText(Journal, string.Concat(lines) + new string('t', 100_000));

        using (JournalFile.TakeOver(Journal, ".2.tmp", () => true, out long kept))
            Assert.Equal(lines.Length, kept);

        Assert.Equal(string.Concat(lines), File.ReadAllText(Journal));
    }

    [Theory]
    [InlineData("")]
    [InlineData(null)]
    [InlineData("torn from its first line on")]
    public void TakeOver_BeginsAJournal_WhereThereIsNoLine(string? content)
    {
        if (content is not null)
            File.WriteAllText(Journal, content);

        using (JournalFile.TakeOver(Journal, ".1.tmp", () => true, out long lines))
            Assert.Equal(0, lines);

        Assert.Equal("", File.ReadAllText(Journal));
    }

    [Fact]
    public void TakeOver_LeavesTheJournalAsItIs_WhenItMayNotBeTaken()
    {
        File.WriteAllText(Journal, string.Concat(Three));

        Assert.Throws<IOException>(() => JournalFile.TakeOver(Journal, ".1.tmp", () => false, out _));
        Assert.Throws<TimeoutException>(() => JournalFile.TakeOver(Journal, ".1.tmp", () => throw new TimeoutException(), out _));

        Assert.Equal(string.Concat(Three), File.ReadAllText(Journal));
        Assert.Equal([Journal], Directory.GetFileSystemEntries(_directory.Path));
    }

    [Fact]
    public void WhoHadTheJournalBefore_WritesToAFileWithoutAName()
    {
        using var old = JournalFile.TakeOver(Journal, ".1.tmp", () => true, out _);
        old.Write("of both\n"u8);
        using var newer = JournalFile.TakeOver(Journal, ".2.tmp", () => true, out _);

        old.Write("of the old one\n"u8);
        newer.Write("of the new one\n"u8);

        Assert.Equal("of both\nof the new one\n", File.ReadAllText(Journal));
        Assert.Equal(2, JournalLines.In(Journal).Count());
    }

    private static string End(string message) =>
        RunJson.Write(new RunEnded { Number = 9, Generation = 7, State = RunState.Diverged, Message = message, Step = 3, Seconds = 1 });

    private (RunState State, int Generation)? EndOf(string content)
    {
        File.WriteAllText(Journal, content);
        return JournalFile.End(Journal) is { } end ? (end.State, end.Generation) : null;
    }
}
