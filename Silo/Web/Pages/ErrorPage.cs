using Orleans.Tbptt.Silo.Web.Markup;

namespace Orleans.Tbptt.Silo.Web.Pages;

/// <summary>The error page.</summary>
internal static class ErrorPage
{
    /// <summary>The page.</summary>
    public static HtmlPage Of(int status, string title, string detail) => new(title, Html.Of($"""
        <section class="card narrow">
        <h1>{title}</h1>
        <p>{detail}</p>
        <p><a href="/">All runs</a></p>
        </section>
        """))
    {
        Status = status,
    };
}
