using System.Globalization;
using Microsoft.AspNetCore.Html;

namespace Orleans.Tbptt.Silo.Web.Pages;

/// <summary>Markup from interpolated strings: whatever is put in is escaped, unless it is markup itself.</summary>
internal static class Html
{
    /// <summary>Nothing.</summary>
    public static IHtmlContent None { get; } = new HtmlString("");

    /// <summary>Markup with its holes filled in, escaped; numbers in the invariant culture.</summary>
    public static IHtmlContent Of(FormattableString markup) =>
        new HtmlFormattableString(CultureInfo.InvariantCulture, markup.Format, markup.GetArguments()!);

    /// <summary>Markup for each of several.</summary>
    public static IHtmlContent Each<T>(IEnumerable<T> items, Func<T, FormattableString> markup)
    {
        var all = new HtmlContentBuilder();
        foreach (var item in items)
            all.AppendHtml(Of(markup(item)));
        return all;
    }

    /// <summary>Markup that is there under a condition.</summary>
    public static IHtmlContent If(bool condition, Func<FormattableString> markup) => condition ? Of(markup()) : None;
}
