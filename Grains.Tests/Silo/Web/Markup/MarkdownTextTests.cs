using Orleans.Tbptt.Silo.Web.Markup;

namespace Orleans.Tbptt.Tests.Silo.Web.Markup;

public sealed class MarkdownTextTests
{
    [Theory]
    [InlineData("---\ntags: [x]\n---\n# Title\n\nText of\ntwo lines.", "<h3>Title</h3>\n<p>Text of two lines.</p>\n")]
    [InlineData("## A `b` and **c**", "<h4>A <code>b</code> and <strong>c</strong></h4>\n")]
    [InlineData("- one\n- two\n\nend", "<ul><li>one</li><li>two</li></ul>\n<p>end</p>\n")]
    [InlineData("```\na < b\n# no heading\n```\nend", "<pre tabindex=\"0\">a &lt; b&#xA;# no heading</pre>\n<p>end</p>\n")]
    [InlineData("```\nnever closed", "<pre tabindex=\"0\">never closed</pre>\n")]
    [InlineData("[here](https://example.org/?a=1&b=2)",
        "<p><a href=\"https://example.org/?a=1&amp;b=2\" rel=\"noreferrer\">here</a></p>\n")]
    [InlineData("[here](javascript:alert(1)) and [there](/logout)", "<p>[here](javascript:alert(1)) and [there](/logout)</p>\n")]
    [InlineData("<b>no</b> ` ** [x]( #", "<p>&lt;b&gt;no&lt;/b&gt; ` ** [x]( #</p>\n")]
    [InlineData("#hash\n#two", "<p>#hash</p>\n<p>#two</p>\n")]
    [InlineData("---\nno end", "<p>--- no end</p>\n")]
    [InlineData("", "")]
    public void Text_BecomesMarkup(string text, string expected) => Assert.Equal(expected, HtmlPage.Markup(MarkdownText.Of(text)));

    [Fact]
    public void Table_HasCellsWithPipes()
    {
        string markup = HtmlPage.Markup(MarkdownText.Of("| a | b |\n| --- | --- |\n| 1 | x \\| y |\nend"));

        Assert.Contains("<th scope=\"col\">a</th><th scope=\"col\">b</th>", markup, StringComparison.Ordinal);
        Assert.Contains("<tr><td>1</td><td>x | y</td></tr>", markup, StringComparison.Ordinal);
        Assert.EndsWith("<p>end</p>\n", markup, StringComparison.Ordinal);
    }

    /// <summary>Marks without a partner are looked for in a bounded part of the text.</summary>
    [Theory]
    [InlineData("[")]
    [InlineData("x`")]
    [InlineData("*")]
    [InlineData("[x](")]
    [InlineData("|")]
    [InlineData("#")]
    public void ManyMarks_AreText(string mark)
    {
        string text = string.Concat(Enumerable.Repeat(mark, MarkdownText.MostText / mark.Length));

        Assert.InRange(HtmlPage.Markup(MarkdownText.Of(text)).Length, text.Length, 7 * text.Length);
    }
}
