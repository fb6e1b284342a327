using System.Globalization;
using Microsoft.AspNetCore.Html;

namespace Orleans.Tbptt.Silo.Web.Markup;

/// <summary>Markup from interpolated strings: interpolated values are escaped, unless they are markup.</summary>
internal static class Html
{
    /// <summary>Empty markup.</summary>
    public static IHtmlContent None { get; } = new HtmlString("");

    /// <summary>Markup with escaped values; numbers in the invariant culture.</summary>
    public static IHtmlContent Of(FormattableString markup) =>
        new HtmlFormattableString(CultureInfo.InvariantCulture, markup.Format, markup.GetArguments()!);

    /// <summary>Markup for each item.</summary>
    public static IHtmlContent Each<T>(IEnumerable<T> items, Func<T, FormattableString> markup)
    {
        var all = new HtmlContentBuilder();
        foreach (var item in items)
            all.AppendHtml(Of(markup(item)));
        return all;
    }

    /// <summary>Markup under a condition.</summary>
    public static IHtmlContent If(bool condition, Func<FormattableString> markup) => condition ? Of(markup()) : None;
}
