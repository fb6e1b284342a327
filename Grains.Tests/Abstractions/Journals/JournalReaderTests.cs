using System.Text;
using Orleans.Tbptt.Journals;
using Orleans.Tbptt.Tests.Support;

namespace Orleans.Tbptt.Tests.Abstractions.Journals;

public sealed class JournalReaderTests : IDisposable
{
    private const int Count = 4 * JournalReader.Stride + 7;
    private readonly TemporaryDirectory _directory = new();
    private readonly string[] _lines = [.. Enumerable.Range(1, Count).Select(number => $"line {number} {new string('é', number % 40)}")];

    private string Journal => _directory.File("metrics.jsonl");

    [Theory]
    [InlineData(1)]
    [InlineData(333)]
    [InlineData(JournalReader.Stride)]
    [InlineData(JournalReader.Stride + 1)]
    [InlineData(Count)]
    public void Pages_AreTheWholeJournal_OfWhateverSize(int size)
    {
        Write(_lines);
        var reader = new JournalReader(Journal);

        Assert.Equal(_lines, Pages(reader, 0, size));
        Assert.Equal(_lines.Skip(2_500), Pages(reader, 2_500, size));
        Assert.Equal(_lines[^1], Assert.Single(new JournalReader(Journal).Read(Count - 1, size).Lines));
    }

    [Fact]
    public void Reader_GoesToThePlace_WithoutReadingWhatIsBefore()
    {
        Write(_lines);
        var reader = new JournalReader(Journal);
        reader.Read(0, Count);
        using (var file = new FileStream(Journal, FileMode.Open))
            file.Write(Encoding.UTF8.GetBytes("\n\n\n\n"));

        Assert.Equal(_lines.Skip(3_500).Take(10), reader.Read(3_500, 10).Lines);
        Assert.NotEqual(_lines.Skip(500).Take(10), reader.Read(500, 10).Lines);
    }

    [Fact]
    public void Reader_SeesWhatIsAppended_AndNoHalfLine()
    {
        Write(_lines);
        var reader = new JournalReader(Journal);
        Assert.Equal(Count, reader.Read(0, int.MaxValue).Last);

        File.AppendAllText(Journal, "one more\nhalf");

        Assert.Equal(["one more"], reader.Read(Count, 10).Lines);
        File.AppendAllText(Journal, " a line\n");
        Assert.Equal(["half a line"], reader.Read(Count + 1, 10).Lines);
    }

    [Fact]
    public void Reader_BeginsAgain_WhenAnotherJournalHasTakenThePlace()
    {
        Write(_lines);
        var reader = new JournalReader(Journal);
        reader.Read(0, Count);

        string[] shorter = [.. Enumerable.Range(1, 2_600).Select(number => $"{number}")];
        Write(shorter);

        Assert.Equal(["2551", "2552"], reader.Read(2_550, 2).Lines);
        Assert.Equal(shorter, Pages(reader, 0, 700));
        Assert.Empty(reader.Read(3_000, 10).Lines);
    }

    public void Dispose() => _directory.Dispose();

    private void Write(IEnumerable<string> lines) => File.WriteAllText(Journal, string.Concat(lines.Select(line => line + "\n")));

    private static List<string> Pages(JournalReader reader, long after, int size)
    {
        List<string> all = [];
        for (var page = reader.Read(after, size); page.Lines.Count > 0; page = reader.Read(page.Last, size))
            all.AddRange(page.Lines);
        return all;
    }
}
