using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Extensions;
using Microsoft.AspNetCore.Routing;

namespace Orleans.Tbptt.Silo.Web.Access;

/// <summary>The login form, which accepts the token and sets a cookie.</summary>
internal static class LoginEndpoints
{
    private const string Path = "/login";

    /// <summary>Maps it.</summary>
    public static void MapLogin(this IEndpointRouteBuilder endpoints)
    {
        endpoints.MapPost(Path, Login).AllowAnonymous().ExcludeFromDescription();
        endpoints.MapPost("/logout", Logout).ExcludeFromDescription();
    }

    /// <summary>Answers a request without the token: browsers get the form, programs problem details. The status is set already.</summary>
    public static Task OfferAsync(HttpContext context)
    {
        var request = context.Request;
        bool isPage = HttpMethods.IsGet(request.Method)
            && request.Headers.Accept.ToString().Contains("text/html", StringComparison.Ordinal);
        return isPage
            ? LoginPage.Of(request.GetEncodedPathAndQuery(), wrong: false).ExecuteAsync(context)
            : TypedResults.Problem("found no token, or a wrong one; expected 'Authorization: Bearer TOKEN'",
                statusCode: StatusCodes.Status401Unauthorized).ExecuteAsync(context);
    }

    private static async Task<IResult> Login(HttpContext context, WebToken token)
    {
        if (!context.Request.HasFormContentType)
            return TypedResults.Problem("found no form; programs send 'Authorization: Bearer TOKEN' instead of logging in",
                statusCode: StatusCodes.Status400BadRequest);
        var form = await Forms.ReadAsync(context.Request);
        string to = Local(form["to"].ToString());
        if (!token.IsRequired)
            return new SeeOther(to);
        if (!token.IsToken(form["token"].ToString()))
            return LoginPage.Of(to, wrong: true);
        context.Response.Cookies.Append(WebToken.Cookie, token.CookieValue, new()
        {
            HttpOnly = true, SameSite = SameSiteMode.Strict, Secure = BrowserScheme.Of(context.Request) == Uri.UriSchemeHttps,
            MaxAge = TimeSpan.FromDays(30), IsEssential = true,
        });
        return new SeeOther(to);
    }

    private static SeeOther Logout(HttpContext context)
    {
        context.Response.Cookies.Delete(WebToken.Cookie);
        return new SeeOther("/");
    }

    /// <summary>Restricts a redirect to a path on this silo, because a form's value is not trusted.</summary>
    private static string Local(string to) =>
        to.StartsWith('/') && !to.StartsWith("//", StringComparison.Ordinal) && !to.Contains('\\') && !to.Any(char.IsControl) ? to : "/";
}
