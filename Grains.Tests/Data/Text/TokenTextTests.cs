using System.Text;
using Orleans.Tbptt.Data;
using Orleans.Tbptt.Data.Bytes;
using Orleans.Tbptt.Data.Text;

namespace Orleans.Tbptt.Tests.Data.Text;

/// <summary>Tokens of models as text and back.</summary>
public sealed class TokenTextTests
{
    private static readonly string[] Words = ["<eos>", "to", "be", "or", "not"];

    [Fact]
    public void Words_AreParted_AsInTraining_AndJoinedByBlanks()
    {
        var source = new WordSource();

        var numbers = source.Encode("to be  or\nnot\t to\r\nbe"u8, Words);

        Assert.Equal([1L, 2, 3, 0, 4, 1, 0, 2], numbers);
        Assert.Equal("to be or\nnot to\nbe", Decode(source, numbers, Words));
    }

    [Fact]
    public void UnknownWord_IsUnknown_OrRefused()
    {
        Assert.Equal([5L, 2], new WordSource().Encode("maybe be"u8, [.. Words, "<unk>"]));
        Assert.Equal(
            "found the word 'maybe', expected one of the model's 5, because it has no <unk>",
            Assert.Throws<FormatException>(() => new WordSource().Encode("maybe"u8, Words)).Message);
    }

    [Fact]
    public void Characters_AreScalarValues()
    {
        string[] tokens = ["a", "\n", "\U0001F33F"];

        Assert.Equal([2L, 1, 0], new CharacterSource().Encode("\U0001F33F\na"u8, tokens));
        Assert.Equal("\U0001F33F\na", Decode(new CharacterSource(), [2, 1, 0], tokens));
        Assert.Contains(@"the character '\n'", Assert.Throws<FormatException>(
            () => new CharacterSource().Encode("\n"u8, ["a"])).Message, StringComparison.Ordinal);
        Assert.Contains("no UTF-8", Assert.Throws<FormatException>(
            () => new CharacterSource().Encode([0xff], tokens)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Bytes_AreTheirOwnNumbers() => Assert.Equal([0xffL, 10], new ByteSource().Encode([0xff, 10], []));

    private static string Decode(ITokenText text, IReadOnlyList<long> numbers, IReadOnlyList<string> tokens)
    {
        var bytes = new List<byte>();
        for (int i = 0; i < numbers.Count; i++)
            bytes.AddRange(text.Decode(numbers[i], i == 0 ? null : numbers[i - 1], tokens).ToArray());
        return Encoding.UTF8.GetString([.. bytes]);
    }
}
