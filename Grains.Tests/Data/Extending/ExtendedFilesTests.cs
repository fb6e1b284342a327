using System.IO.Compression;
using Orleans.Tbptt.Data.Csv;
using Orleans.Tbptt.Specs;

namespace Orleans.Tbptt.Tests.Data.Extending;

/// <summary>Which files another run may extend.</summary>
public sealed class ExtendedFilesTests : ExtendedData
{
    [Fact]
    public void Data_AreRefused_WhenTheyDoNotBeginWithTheParents()
    {
        RunSpec child = Stream(rows: 41);
        Append(41, 51);
        string other = Directory.File("other.csv");
        File.WriteAllText(other, File.ReadAllText(Csv).Replace("\n7\n", "\n8\n", StringComparison.Ordinal) + "41\n");

        Assert.Matches(
            $"^data.source: found '{other}', whose first 115 bytes have SHA-256 [0-9a-f]{{12}} and differ from byte 17, in line 9, on, "
            + "expected those of the parent, with SHA-256 [0-9a-f]{12}, and what is new behind them; append to the data that the parent "
            + "was trained on, or train a new run$", Parent.Problem(On(child, other)));
        File.WriteAllText(other, "x\n1\n2\n3\n");
        Assert.StartsWith($"data.source: found '{other}' of 8 bytes, expected the parent's 115 bytes, and what is new behind them",
            Parent.Problem(On(child, other)), StringComparison.Ordinal);
        File.WriteAllText(other, "y;z\n" + new string('1', 200) + "\n");
        Assert.StartsWith(
            $"data.source: found '{other}', whose first 115 bytes", Parent.Problem(On(child, other)), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("1\n", "is longer than it was")]
    [InlineData("\n41\n42\n", null)]
    public void LastLine_MustNotHaveGrown(string more, string? found)
    {
        File.WriteAllText(Csv, Text(0, 40).TrimEnd('\n'));
        RunSpec child = Parent.Write(Directory, Spec());
        File.AppendAllText(Csv, more);

        if (found is not null)
            Assert.Contains(found, Parent.Problem(child), StringComparison.Ordinal);
        else
            Parent.Open(child).Dispose();
    }

    /// <summary>The parent's last file has grown, and another one has come behind it.</summary>
    [Theory]
    [InlineData("characters")]
    [InlineData("bytes")]
    public void FilesOfAGlob_AreExtended_ByTheLastOneAndThoseBehindIt(string source)
    {
        string first = Directory.File("t1.txt"), last = Directory.File("t3.txt"), glob = Directory.File("t*.txt");
        File.WriteAllText(first, "abcab");
        File.WriteAllText(last, "cab");
        RunSpec child = Parent.Write(Directory, Text(source, glob));
        File.AppendAllText(last, "ca");
        File.WriteAllText(Directory.File("t4.txt"), "bbc");

        using (var run = Parent.Open(child))
        {
            // The parent was trained on "abcabca", with the "b" behind it as its last target.
            Assert.Equal(7, run.Description.Training.Before);
            using var all = Given.Open(
                Text(source, glob).Data, Given.Embedding, loss: new Orleans.Tbptt.Training.Fused.Losses.CrossEntropy());
            Assert.Equal(all.Training.Tokens(0)[7..], run.Data.Training.Tokens(0));
            Assert.Equal(5, run.Data.Training.Tokens(0).Length);
        }

        // One in the middle of the parent's is none behind them.
        string middle = Directory.File("t2.txt");
        File.WriteAllText(middle, "abc");
        Assert.StartsWith($"data.source: found '{middle}', whose first 3 bytes have SHA-256 ", Parent.Problem(child),
            StringComparison.Ordinal);
        File.Delete(middle);
        File.AppendAllText(first, "c");
        Assert.StartsWith(
            $"data.source: found '{first}' of 6 bytes, expected the parent's 5 bytes, because of several files the last one alone may grow",
            Parent.Problem(child), StringComparison.Ordinal);
    }

    /// <summary>gzip data may be appended to gzip data, but the lines of both are one text.</summary>
    [Fact]
    public void CompressedFiles_AreRefused()
    {
        string packed = Directory.File("d.csv.gz");
        Pack(Text(0, 41));
        RunSpec child = Parent.Write(Directory, Given.Spec(Given.Csv(packed)));
        Pack("41\n42\n");

        Assert.Equal(
            $"data.source: found '{packed}', which is compressed, expected a file as it is, to which lines are appended; decompress it, "
            + "and train a run on it to be extended", Parent.Problem(child));

        void Pack(string text)
        {
            using var file = new GZipStream(new FileStream(packed, FileMode.Append), CompressionLevel.Fastest);
            file.Write(System.Text.Encoding.UTF8.GetBytes(text));
        }
    }

    /// <summary>Rows behind the parent's are older ones there.</summary>
    [Fact]
    public void NewestRowsFirst_AreRefused()
    {
        File.WriteAllText(Csv, "day,x\n" + Days(40, 10));
        RunSpec child = Parent.Write(Directory, Given.Spec(new()
        {
            Source = new CsvSource { Path = Csv, Time = "day", Inputs = ["x"], Standardize = false }, BatchSize = 1,
        }));
        File.AppendAllText(Csv, Days(10, 1));

        Assert.StartsWith(
            $"data.time: found the newest row first in {Csv}, expected the oldest row first, so that new rows stand behind all others",
            Parent.Problem(child), StringComparison.Ordinal);

        static string Days(int from, int to) => string.Concat(Enumerable.Range(0, from - to).Select(
            i => $"{new DateOnly(2024, 1, 1).AddDays(from - i):yyyy-MM-dd},{from - i}\n"));
    }

    [Fact]
    public void Files_AreThoseOfTheParent_AndThenTheData()
    {
        RunSpec child = Stream(rows: 41);
        Append(41, 51);

        using var run = Parent.Open(child);

        Assert.Equal(["data.json", "state.json", "d.csv"], run.Files.Select(file => Path.GetFileName(file.Path)));
        using var again = Parent.Open(run.Spec);
        Assert.Equal(run.Spec, again.Spec);
        Assert.Equal(run.Files, again.Files);
    }
}
