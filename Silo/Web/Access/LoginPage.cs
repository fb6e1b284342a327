using Microsoft.AspNetCore.Http;
using Orleans.Tbptt.Silo.Web.Markup;

namespace Orleans.Tbptt.Silo.Web.Access;

/// <summary>The login page.</summary>
internal static class LoginPage
{
    /// <summary>The page.</summary>
    /// <param name="to">The page to redirect to after the login.</param>
    /// <param name="wrong">Whether a wrong token was given.</param>
    public static HtmlPage Of(string to, bool wrong) => new("Log in", Html.Of($"""
        <section class="card narrow">
        <h1>Log in</h1>
        {Html.If(wrong, () => $"""<p class="note bad" role="alert">Wrong token.</p>""")}
        <form method="post" action="/login">
        <input type="hidden" name="to" value="{to}">
        <label for="token">Token</label>
        <input id="token" name="token" type="password" autocomplete="current-password" required autofocus aria-describedby="where">
        <p id="where" class="dim">The silo's setting <code>Tbptt:Web:Token</code>.</p>
        <button class="button primary">Log in</button>
        </form>
        </section>
        """))
    {
        Status = StatusCodes.Status401Unauthorized, HasNavigation = false,
    };
}
