using System.Globalization;
using System.Text;
using Orleans.Tbptt.Data.Csv;

namespace Orleans.Tbptt.Tests.Data;

public sealed class NumberTextTests
{
    [Theory]
    [InlineData("0")]
    [InlineData("-0")]
    [InlineData("+4")]
    [InlineData(".5")]
    [InlineData("5.")]
    [InlineData("-12.25")]
    [InlineData("0.1")]
    [InlineData("999999999999999")]
    [InlineData("0.000000000000001")]
    [InlineData("123456789012345678901234567890")]
    [InlineData("0.1234567890123456789")]
    [InlineData("1.5e-7")]
    [InlineData("3.4e38")]
    [InlineData("1700000000.123456")]
    public void Number_IsReadToTheNearestFloat64(string text)
    {
        Assert.True(NumberText.TryParse(Encoding.UTF8.GetBytes(text), '.', '\0', out double number));
        double expected = double.Parse(text, CultureInfo.InvariantCulture);
        Assert.Equal(BitConverter.DoubleToInt64Bits(expected), BitConverter.DoubleToInt64Bits(number));
    }

    [Theory]
    [InlineData("1,234,567.5", '.', ',', 1234567.5)]
    [InlineData("-1.234,25", ',', '.', -1234.25)]
    [InlineData("12 345", '.', ' ', 12345)]
    [InlineData("1'000'000", '.', '\'', 1e6)]
    [InlineData("1\u00a0000\u202f000,5", ',', ' ', 1000000.5)]
    [InlineData("1\u2009000", '.', ' ', 1000)]
    [InlineData("-1’000.5", '.', '\'', -1000.5)]
    [InlineData("2,5e3", ',', '\0', 2500)]
    [InlineData("1,000e2", '.', ',', 100000)]
    public void Number_MayHaveOtherMarks(string text, char point, char thousands, double expected)
    {
        Assert.True(NumberText.TryParse(Encoding.UTF8.GetBytes(text), point, thousands, out double number));
        Assert.Equal(expected, number);
    }

    [Theory]
    [InlineData("1,23", '.', ',')]
    [InlineData("1,2345", '.', ',')]
    [InlineData("1234,567", '.', ',')]
    [InlineData(",123", '.', ',')]
    [InlineData("1,,234", '.', ',')]
    [InlineData("1.5", ',', '\0')]
    [InlineData("1,5,5", ',', '\0')]
    [InlineData("1,234", '.', '\0')]
    [InlineData("1\u00a0234", '.', '\0')]
    [InlineData("1\u00a023", '.', ' ')]
    public void Marks_AreRefused_ElsewhereThanTheyBelong(string text, char point, char thousands) =>
        Assert.False(NumberText.TryParse(Encoding.UTF8.GetBytes(text), point, thousands, out _));

    [Fact]
    public void Numbers_HaveTheBitsOfTheLibrary()
    {
        var random = new Random(1);
        for (int i = 0; i < 20_000; i++)
        {
            string text = ((random.NextDouble() - 0.5) * Math.Pow(10, random.Next(-6, 12)))
                .ToString($"F{random.Next(0, 12)}", CultureInfo.InvariantCulture);
            Assert.True(NumberText.TryParse(Encoding.UTF8.GetBytes(text), '.', '\0', out double number), text);
            Assert.Equal(double.Parse(text, CultureInfo.InvariantCulture), number);
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("-")]
    [InlineData(".")]
    [InlineData("1,5")]
    [InlineData("1.2.3")]
    [InlineData("12%")]
    [InlineData("NaN")]
    [InlineData("Infinity")]
    [InlineData("1e39")]
    [InlineData("2020-01-01")]
    public void Others_AreNoNumbers(string text) => Assert.False(NumberText.TryParse(Encoding.UTF8.GetBytes(text), '.', '\0', out _));
}
