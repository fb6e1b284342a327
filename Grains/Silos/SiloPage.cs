namespace Orleans.Tbptt.Grains.Silos;

/// <summary>Where the silo's web page is: known only once its server has started.</summary>
public sealed class SiloPage
{
    /// <summary>The page's address; null where there is none, or not yet.</summary>
    public Uri? Address { get; set; }
}
