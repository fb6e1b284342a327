using Microsoft.AspNetCore.Html;
using Orleans.Tbptt.Silo.Web.Markup;
using Orleans.Tbptt.Silo.Web.Models;

namespace Orleans.Tbptt.Silo.Web.Pages.Models;

/// <summary>The page of a served model's streams alone: all that there is of a package that the settings name.</summary>
internal static class StreamsPage
{
    /// <summary>The page.</summary>
    /// <param name="streams">The streams.</param>
    /// <param name="hasPage">Whether the model has a page of its own.</param>
    /// <param name="page">The page's address.</param>
    public static HtmlPage Of(ModelStreams streams, bool hasPage, Link page) => new($"Streams of {streams.Model}", Html.Of($"""
        <div class="title"><div><p class="crumb"><a href="/models">Models</a></p><h1>{Name(streams.Model, hasPage)}</h1></div></div>
        {StreamsCard.Of(streams, page, Html.None)}
        """))
    {
        Place = "/models",
    };

    private static IHtmlContent Name(string model, bool hasPage) => hasPage ? Html.Of($"""<a href="/models/{model}">{model}</a>""")
        : Html.Of($"{model}");
}
