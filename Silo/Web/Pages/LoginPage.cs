using Microsoft.AspNetCore.Http;

namespace Orleans.Tbptt.Silo.Web.Pages;

/// <summary>Asks for the token.</summary>
internal static class LoginPage
{
    /// <summary>The page.</summary>
    /// <param name="to">Where to go with the right token.</param>
    /// <param name="wrong">Whether a wrong one was given.</param>
    public static HtmlPage Of(string to, bool wrong) => new("Log in", Html.Of($"""
        <section class="card narrow">
        <h1>Log in</h1>
        {Html.If(wrong, () => $"""<p class="note bad" role="alert">That is not the token of this cluster.</p>""")}
        <form method="post" action="/login">
        <input type="hidden" name="to" value="{to}">
        <label for="token">Token</label>
        <input id="token" name="token" type="password" autocomplete="current-password" required autofocus aria-describedby="where">
        <p id="where" class="dim">It is what <code>Tbptt:Web:Token</code> of the silo says.</p>
        <button class="button primary">Log in</button>
        </form>
        </section>
        """))
    {
        Status = StatusCodes.Status401Unauthorized, HasNavigation = false,
    };
}
