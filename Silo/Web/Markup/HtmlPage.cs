using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Html;
using Microsoft.AspNetCore.Http;

namespace Orleans.Tbptt.Silo.Web.Markup;

/// <summary>A page as an HTTP result: the common frame around its content.</summary>
/// <param name="title">The title.</param>
/// <param name="content">The content.</param>
internal sealed class HtmlPage(string title, IHtmlContent content) : IResult
{
    /// <summary>The content.</summary>
    public IHtmlContent Content => content;

    /// <summary>The page's navigation entry; none when left out.</summary>
    public string? Place { get; init; }

    /// <summary>The HTTP status. Default 200.</summary>
    public int Status { get; init; } = StatusCodes.Status200OK;

    /// <summary>Whether the navigation is shown. Default true.</summary>
    public bool HasNavigation { get; init; } = true;

    private static readonly (string Place, string Name)[] Places =
        [("/", "Runs"), ("/compare", "Compare"), ("/sweeps", "Sweeps"), ("/models", "Models"), ("/cluster", "Cluster")];

    /// <inheritdoc/>
    public async Task ExecuteAsync(HttpContext httpContext)
    {
        httpContext.Response.StatusCode = Status;
        httpContext.Response.ContentType = "text/html; charset=utf-8";
        await httpContext.Response.WriteAsync(Markup(Frame()), httpContext.RequestAborted);
    }

    /// <summary>The page with its content rendered at once, for content that keeps changing.</summary>
    public HtmlPage Frozen() =>
        new(title, new HtmlString(Markup(content))) { Place = Place, Status = Status, HasNavigation = HasNavigation };

    /// <summary>Markup as text.</summary>
    public static string Markup(IHtmlContent content)
    {
        using var writer = new StringWriter(System.Globalization.CultureInfo.InvariantCulture);
        content.WriteTo(writer, HtmlEncoder.Default);
        return writer.ToString();
    }

    private IHtmlContent Frame() => Html.Of($"""
        <!doctype html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta name="color-scheme" content="light dark">
        <title>{title} · Orleans.Tbptt</title>
        <link rel="icon" href="/assets/icon.svg" type="image/svg+xml">
        <link rel="stylesheet" href="/assets/uPlot.min.css">
        <link rel="stylesheet" href="/assets/tbptt.css">
        <script type="module" src="/assets/tbptt.js"></script>
        </head>
        <body>
        <a class="skip" href="#main">Skip to content</a>
        <header class="bar"><a class="brand" href="/">tbptt</a>{Html.If(HasNavigation, () => $"""<nav aria-label="Pages"><ul>{Html.Each(Places, Link)}</ul></nav>{Shortcuts.Opener}""")}</header>
        <p class="line" id="line" role="status"></p>
        <p class="hidden" id="spoken" role="status" aria-live="polite"></p>
        <main id="main" tabindex="-1">
        {content}
        </main>
        {Html.If(HasNavigation, () => $"{Shortcuts.Dialog}")}
        </body>
        </html>

        """);

    private FormattableString Link((string Place, string Name) to) => to.Place == Place
        ? (FormattableString)$"""<li><a href="{to.Place}" aria-current="page">{to.Name}</a></li>"""
        : $"""<li><a href="{to.Place}">{to.Name}</a></li>""";
}
