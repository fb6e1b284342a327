using System.Text;
using Orleans.Tbptt.Data.Files;

namespace Orleans.Tbptt.Tests.Data.Files;

/// <summary>Where the last whole row of a file ends that is not all there yet.</summary>
public sealed class RowCounterTests
{
    /// <summary>Line ends in quotes end no row; a remark may have any number of quotes.</summary>
    [Fact]
    public void RowEnds_AreFound_InPiecesOfAnySize()
    {
        const string Text = "x,name\n1,\"a\nb\"\n#it's 5\" long\n2,\"c \"\"d\"\"\n\"\r\n3,e";
        for (int piece = 1; piece <= Text.Length; piece++)
        {
            var counter = new RowCounter(new(RowUnit.Line, HasQuotes: true, Comment: '#'));
            foreach (byte[] bytes in Encoding.UTF8.GetBytes(Text).Chunk(piece))
                counter.Take(bytes);

            Assert.Equal((Text.IndexOf("3,e", StringComparison.Ordinal), 4, Text.Length), (counter.End, counter.Rows, counter.Taken));
        }
    }

    /// <summary>Quotes in lines above the header that are passed over open nothing.</summary>
    [Fact]
    public void RowEnds_AreFound_BehindLinesThatArePassedOver()
    {
        const string Text = "flow, 5\" pipe\nx\n1\n\"2\n\"\n3";
        for (int piece = 1; piece <= Text.Length; piece++)
        {
            var counter = new RowCounter(new(RowUnit.Line, HasQuotes: true, Passed: 1));
            foreach (byte[] bytes in Encoding.UTF8.GetBytes(Text).Chunk(piece))
                counter.Take(bytes);

            Assert.Equal((Text.LastIndexOf('3'), 4), (counter.End, counter.Rows));
        }
    }

    /// <summary>A reader refuses rows behind an empty line: it must find both in one reading.</summary>
    [Fact]
    public void EmptyLines_AreHeldBack_UntilARowFollows()
    {
        const string Text = "x\n1\n\n\r\n";
        var counter = new RowCounter(new(RowUnit.Line, HasQuotes: true) { HoldsEmptyLines = true });
        counter.Take(Encoding.UTF8.GetBytes(Text));
        Assert.Equal((4, 2), (counter.End, counter.Rows));

        counter.Take("2\n"u8);
        Assert.Equal((Text.Length + 2, 5), (counter.End, counter.Rows));
    }

    [Fact]
    public void Characters_HaveComeWithTheirLastByte_InPiecesOfAnySize()
    {
        byte[] text = Encoding.UTF8.GetBytes("aé€😀b");
        int[] ends = [1, 3, 6, 10, 11];
        for (int length = 1; length <= text.Length; length++)
        {
            for (int piece = 1; piece <= length; piece++)
            {
                var counter = new RowCounter(new(RowUnit.Character));
                foreach (byte[] bytes in text.Take(length).Chunk(piece))
                    counter.Take(bytes);

                Assert.Equal((ends.Last(end => end <= length), ends.Count(end => end <= length)), (counter.End, counter.Rows));
            }
        }
    }

    /// <summary>Words of a line have come when the line has. Their number is one that they do not exceed.</summary>
    [Theory]
    [InlineData("the cat\nsat", 8, 3)]
    [InlineData("the cat", 0, 0)]
    [InlineData("\r\n", 2, 2)]
    [InlineData("a\u00a0b c\n", 7, 5)]
    public void Words_HaveComeWithTheirLine(string text, int end, int rows)
    {
        var counter = new RowCounter(new(RowUnit.Word));
        foreach (byte one in Encoding.UTF8.GetBytes(text))
            counter.Take([one]);

        Assert.Equal((end, rows), (counter.End, counter.Rows));
    }
}
