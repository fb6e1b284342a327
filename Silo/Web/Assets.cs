using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.StaticFiles;
using Microsoft.Extensions.FileProviders;
using Microsoft.Net.Http.Headers;

namespace Orleans.Tbptt.Silo.Web;

/// <summary>Styles, scripts and pictures, from within the program's own file: a silo that was copied somewhere has them.</summary>
internal static class Assets
{
    /// <summary>Serves them at <c>/assets</c>, with or without a token: they say nothing of any run.</summary>
    public static void UseAssets(this IApplicationBuilder web) => web.UseStaticFiles(new StaticFileOptions
    {
        RequestPath = "/assets",
        FileProvider = new EmbeddedFileProvider(typeof(Assets).Assembly, "Orleans.Tbptt.Silo.Web.wwwroot"),
        ContentTypeProvider = new FileExtensionContentTypeProvider(),
        // Asked again each time, answered with 304 as long as it is the same program.
        OnPrepareResponse = served => served.Context.Response.Headers[HeaderNames.CacheControl] = "no-cache",
    });
}
