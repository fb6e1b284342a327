using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.StaticFiles;
using Microsoft.Extensions.FileProviders;
using Microsoft.Net.Http.Headers;

namespace Orleans.Tbptt.Silo.Web;

/// <summary>Styles, scripts and images, embedded in the assembly.</summary>
internal static class Assets
{
    /// <summary>Serves them at <c>/assets</c>, with or without a token, because they contain nothing about runs.</summary>
    public static void UseAssets(this IApplicationBuilder web) => web.UseStaticFiles(new StaticFileOptions
    {
        RequestPath = "/assets",
        FileProvider = new EmbeddedFileProvider(typeof(Assets).Assembly, "Orleans.Tbptt.Silo.Web.wwwroot"),
        ContentTypeProvider = new FileExtensionContentTypeProvider(),
        // Revalidated each time, answered with 304 by the same build.
        OnPrepareResponse = served => served.Context.Response.Headers[HeaderNames.CacheControl] = "no-cache",
    });
}
